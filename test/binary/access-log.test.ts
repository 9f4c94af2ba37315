import { rename } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawServer } from '../support/raw-server.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { buildExecutable, curl, everythingTo, startProxy } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

const time = String.raw`\[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\]`

async function startLogged(accessLog: object | boolean, extra: object = {}) {
  const upstream = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
  const url = `http://127.0.0.1:${upstream.port}`
  const proxy = await startProxy({ static: { accessLog, ...extra }, dynamic: everythingTo(url) })
  return {
    proxy,
    url,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      await upstream.stop(true)
    },
  }
}

describe('the access log', () => {
  test('in the common format goes to standard output', async () => {
    await using stage = await startLogged(true)
    await curl(stage.proxy.port(), 'http://a.test/x?y=1')
    const line = String.raw`^127\.0\.0\.1 - - ${time} "GET /x\?y=1 HTTP/1\.1" 200 5 "-" "-" 1 "all@file" "${stage.url}" \d+ms$`
    await stage.proxy.sluice.waitFor(new RegExp(line, 'm'), 3000)
  })

  test('in genericCLF ends behind the user agent', async () => {
    const headers = { names: { 'User-Agent': 'keep' } }
    await using stage = await startLogged({ format: 'genericCLF', fields: { headers } })
    await curl(stage.proxy.port(), 'http://a.test/', '-A', 'a "quoted" agent')
    const line = String.raw`^127\.0\.0\.1 - - ${time} "GET / HTTP/1\.1" 200 5 "-" "a \\"quoted\\" agent"$`
    await stage.proxy.sluice.waitFor(new RegExp(line, 'm'), 3000)
  })

  test('in JSON has Traefik’s fields', async () => {
    await using stage = await startLogged({ format: 'json', fields: { headers: { names: { 'X-Secret': 'redact' } } } })
    await curl(stage.proxy.port(), 'http://a.test/x', '-H', 'X-Secret: 1')
    const [line] = await stage.proxy.sluice.waitFor(/^\{.*"RequestPath".*\}$/m, 3000)
    expect(JSON.parse(line)).toMatchObject({
      ClientHost: '127.0.0.1',
      DownstreamContentSize: 5,
      DownstreamStatus: 200,
      OriginStatus: 200,
      RequestHost: 'a.test',
      RequestMethod: 'GET',
      RequestPath: '/x',
      RequestProtocol: 'HTTP/1.1',
      RequestScheme: 'http',
      RouterName: 'all@file',
      ServiceName: 'app@file',
      ServiceURL: stage.url,
      entryPointName: 'web',
      level: 'info',
      'request_X-Secret': 'REDACTED',
    })
  })

  test.each([false, true])('names the client as the cause when it goes away (fastProxy: %p)', async (fastProxy) => {
    using server = await rawServer()
    await using proxy = await startProxy({
      static: { accessLog: { format: 'json' }, ...(fastProxy ? { experimental: { fastProxy: {} } } : {}) },
      dynamic: everythingTo(`http://${server.address}`),
    })
    const client = await rawClient(proxy.port())
    client.write('GET /gone HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const exchange = await server.accept()
    await exchange.waitFor(/\r\n\r\n/)
    client.socket.resetAndDestroy()
    await exchange.closed
    const [line] = await proxy.sluice.waitFor(/^\{.*"\/gone".*\}$/m, 3000)
    expect(JSON.parse(line)).toMatchObject({ DownstreamStatus: 499, cause: 'client reset' })
  })

  test('goes on in a new file after SIGUSR1', async () => {
    await using folder = await temporaryFolder()
    const file = `${folder.path}/logs/access.log`
    await using stage = await startLogged({ filePath: file })
    const text = (path: string) =>
      Bun.file(path)
        .text()
        .catch(() => '')
    await curl(stage.proxy.port(), 'http://a.test/first')
    await eventually(async () => (await text(file)).includes('/first'), 'the first line')
    await rename(file, `${file}.1`)
    stage.proxy.sluice.signal('SIGUSR1')
    await eventually(() => Bun.file(file).exists(), 'the new file')
    await curl(stage.proxy.port(), 'http://a.test/second')
    await eventually(async () => (await text(file)).includes('/second'), 'the second line')
    expect(await text(`${file}.1`)).not.toContain('/second')
  })

  test('has every line when the process ends', async () => {
    await using folder = await temporaryFolder()
    const file = `${folder.path}/access.log`
    await using stage = await startLogged({ filePath: file, bufferingSize: 1000 })
    for (let number = 0; number < 20; number++) await curl(stage.proxy.port(), `http://a.test/${number}`)
    stage.proxy.sluice.signal('SIGTERM')
    expect(await stage.proxy.sluice.exited).toBe(0)
    expect((await Bun.file(file).text()).trim().split('\n')).toHaveLength(20)
  })

  test('is written for what no router takes', async () => {
    await using stage = await startLogged({ format: 'json' })
    await stage.proxy.reconfigure({ http: { routers: { up: { rule: 'Path(`/up`)', service: 'noop@internal' } } } })
    await eventually(async () => (await curl(stage.proxy.port(), 'http://a.test/none')).status === 404, 'the reload')
    const [line] = await stage.proxy.sluice.waitFor(/^\{.*"DownstreamStatus":404,.*"\/none".*\}$/m, 3000)
    expect(line).not.toContain('RouterName')
  })
})
