import { describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientFacts } from '../../src/http/exchange.ts'
import { runProgram } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { headerModes, jsonOf, lineOf, modes } from './access-lines.ts'
import { abortedExchange, plainClient, servedExchange, startedAt } from './finished-exchange.ts'

describe('the json format', () => {
  test('has every field of a plain request, keys sorted', async () => {
    const line = await lineOf({ format: 'json' }, servedExchange({ host: 'example.org:8080' }))
    const { StartLocal, time, ...rest } = JSON.parse(line)
    expect(new Date(StartLocal).getTime()).toBe(Math.floor(startedAt))
    expect(Math.abs(new Date(time).getTime() - Date.now())).toBeLessThan(60_000)
    expect(Object.keys(JSON.parse(line))).toEqual(Object.keys(JSON.parse(line)).sort())
    expect(rest).toEqual({
      ClientAddr: '203.0.113.7:51234',
      ClientHost: '203.0.113.7',
      ClientPort: '51234',
      ClientUsername: '-',
      DownstreamContentSize: 12,
      DownstreamStatus: 200,
      Duration: 3_750_000,
      OriginContentSize: 12,
      OriginDuration: 2_500_000,
      OriginStatus: 200,
      Overhead: 1_250_000,
      RequestAddr: 'example.org:8080',
      RequestContentSize: 0,
      RequestCount: 1,
      RequestHost: 'example.org',
      RequestMethod: 'GET',
      RequestPath: '/x?y=1',
      RequestPort: '8080',
      RequestProtocol: 'HTTP/1.1',
      RequestScheme: 'http',
      RetryAttempts: 0,
      RouterName: 'web@file',
      ServiceAddr: '10.0.0.2:80',
      ServiceName: 'app@file',
      ServiceURL: 'http://10.0.0.2:80',
      StartUTC: '2026-10-10T13:55:36.123456Z',
      entryPointName: 'web',
      level: 'info',
      msg: '',
    })
  })

  test('has no service fields and zeros for the origin when no server was picked', async () => {
    const exchange = servedExchange()
    exchange.serverUrl = undefined
    exchange.originStatus = undefined
    exchange.originDurationMs = undefined
    const line = await jsonOf(exchange)
    expect(line).toMatchObject({ OriginStatus: 0, OriginDuration: 0, OriginContentSize: 0, Overhead: 3_750_000 })
    expect(Object.keys(line).filter((name) => name.startsWith('Service'))).toEqual([])
  })

  test.each([
    ['a name', 'a.test', 'a.test', '-'],
    ['a name and a port', 'a.test:81', 'a.test', '81'],
    ['an IPv6 address', '[::1]', '[::1]', '-'],
    ['an IPv6 address and a port', '[::1]:81', '::1', '81'],
    ['nothing', '', '', '-'],
  ])('splits a Host of %s', async (_, host, name, port) => {
    expect(await jsonOf(servedExchange({ host }))).toMatchObject({
      RequestAddr: host,
      RequestHost: name,
      RequestPort: port,
    })
  })

  test('writes an IPv6 client with brackets before its port', async () => {
    expect(await jsonOf(servedExchange({}, { ...plainClient, address: '::1' }))).toMatchObject({
      ClientAddr: '[::1]:51234',
      ClientHost: '::1',
    })
  })

  test('tells the facts of TLS and the subject of the client certificate, in the order of Go', async () => {
    const certificate = await createSubject()
    const client: ClientFacts = {
      ...plainClient,
      tls: {
        serverName: 'a.test',
        version: 'TLSv1.3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        alpn: '',
        optionsName: 'default',
        peerCertificates: () => [certificate],
      },
    }
    expect(await jsonOf(servedExchange({}, client))).toMatchObject({
      RequestScheme: 'https',
      TLSVersion: '1.3',
      TLSCipher: 'TLS_AES_128_GCM_SHA256',
      TLSClientSubject: 'CN=client,OU=Unit,O=Example,C=DE',
    })
  })

  test('has the ids of a trace under both spellings', async () => {
    const exchange = servedExchange()
    exchange.traceId = '0af7651916cd43dd8448eb211c80319c'
    exchange.spanId = 'b7ad6b7169203331'
    expect(await jsonOf(exchange)).toMatchObject({
      TraceId: exchange.traceId,
      trace_id: exchange.traceId,
      SpanId: exchange.spanId,
      span_id: exchange.spanId,
    })
  })

  test('keeps, drops and redacts headers, repeats joined and names canonical', async () => {
    const headers = ['accept', 'a', 'ACCEPT', 'b', 'authorization', 'Basic x', 'x-quiet', '1', 'x-"odd"', 'q']
    const exchange = servedExchange({ headers })
    exchange.originHeaders = ['server', 'nginx']
    const line = await jsonOf(exchange, headerModes({ Authorization: 'redact', 'X-Quiet': 'drop' }, 'keep'))
    const headerFields = Object.entries(line).filter(([name]) => /^(request|origin|downstream)_/.test(name))
    expect(headerFields).toEqual([
      ['downstream_Content-Type', 'text/plain'],
      ['origin_Server', 'nginx'],
      ['request_Accept', 'a,b'],
      ['request_Authorization', 'REDACTED'],
      ['request_X-"odd"', 'q'],
    ])
  })

  test('drops headers by default', async () => {
    expect(Object.keys(await jsonOf(servedExchange())).filter((name) => name.includes('_'))).toEqual([])
  })

  test('has only the kept fields when the default is to drop', async () => {
    const line = await jsonOf(servedExchange(), modes({ requestmethod: 'keep', ENTRYPOINTNAME: 'keep' }, 'drop'))
    expect(Object.keys(line)).toEqual(['RequestMethod', 'entryPointName', 'level', 'msg', 'time'])
  })

  test('tells the ratio of sizes when a layer has changed the body', async () => {
    const exchange = servedExchange()
    exchange.originBytes = 30
    expect(await jsonOf(exchange)).toMatchObject({ GzipRatio: 2.5, OriginContentSize: 30, DownstreamContentSize: 12 })
  })

  test.each([
    ['client.reset', 499, 'client reset'],
    ['client.bodyTimeout', 408, 'read time-out'],
    ['upstream.truncated', 502, 'upstream truncated'],
    ['proxy.shutdown', 504, 'shutdown'],
  ] as const)('names the cause of %s', async (code, status, cause) => {
    expect(await jsonOf(abortedExchange(code))).toMatchObject({ DownstreamStatus: status, OriginStatus: 200, cause })
  })

  test('is valid whatever a peer has sent', async () => {
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')
    const line = await jsonOf(servedExchange({ path: `/${bytes}`, query: undefined }))
    expect(line['RequestPath']).toBe(`/${bytes}`)
  })
})

/** DER of a certificate whose subject is in the usual order, country first. */
async function createSubject(): Promise<Uint8Array> {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'client.der')
  const { code, stderr } = await runProgram([
    'openssl',
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', '/C=DE/O=Example/OU=Unit/CN=client', '-outform', 'DER', '-out', file],
    ...['-keyout', join(folder.path, 'client.key')],
  ])
  if (code !== 0) throw new Error(`openssl: ${stderr}`)
  return new Uint8Array(await readFile(file))
}
