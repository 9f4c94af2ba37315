import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { emptyBody } from '../../src/http/body.ts'
import type { AccessLogFields } from '../../src/observe/access-log-options.ts'
import { createAccessLog } from '../../src/observe/access-log.ts'
import { silentLog } from '../../src/observe/log.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { defaults, headerModes, jsonOf, lineOf, linesOf, modes } from './access-lines.ts'
import { exchangeOf, servedExchange, startedAt } from './finished-exchange.ts'

describe('the common format', () => {
  test("is Traefik's line, byte for byte", async () => {
    expect(await lineOf({}, servedExchange())).toBe(
      '203.0.113.7 - - [10/Oct/2026:13:55:36 +0000] "GET /x?y=1 HTTP/1.1" 200 12 "-" "-" 1 "web@file" "http://10.0.0.2:80" 3ms',
    )
  })

  test('has dashes where nothing is known', async () => {
    const exchange = servedExchange()
    exchange.routerName = undefined
    exchange.serverUrl = undefined
    expect(await lineOf({}, exchange)).toEndWith('200 12 "-" "-" 1 "-" "-" 3ms')
  })

  test('has dashes for a request that could not be parsed', async () => {
    const exchange = exchangeOf()
    exchange.failure = new ProxyError('client.malformed', 'space before a colon')
    exchange.endedAt = startedAt + 0.5
    exchange.responseBytes = 15
    expect(await lineOf({}, exchange)).toBe(
      '203.0.113.7 - - [10/Oct/2026:13:55:36 +0000] "- - -" 400 15 "-" "-" 1 "-" "-" 0ms',
    )
  })

  test('shows Referer and User-Agent when their headers are kept, a quote in them escaped', async () => {
    const headers = ['Referer', 'https://a.test/', 'user-agent', 'a "b" c']
    const fields = headerModes({ 'user-agent': 'keep', Referer: 'keep' })
    expect(await lineOf({ fields }, servedExchange({ headers }))).toContain('200 12 "https://a.test/" "a \\"b\\" c" 1')
  })

  test('shows REDACTED for a redacted header that was sent', async () => {
    const fields = headerModes({}, 'redact')
    const headers = ['User-Agent', 'secret']
    expect(await lineOf({ fields }, servedExchange({ headers }))).toContain('200 12 "-" "REDACTED" 1')
  })

  test('takes the whole of X-Forwarded-For for the client', async () => {
    const headers = ['X-Forwarded-For', '198.51.100.1, 198.51.100.2']
    expect(await lineOf({}, servedExchange({ headers }))).toStartWith('198.51.100.1, 198.51.100.2 - - [')
  })

  test.each([
    ['RequestMethod', '"- /x?y=1 HTTP/1.1"'],
    ['requestpath', '"GET - HTTP/1.1"'],
    ['REQUESTPROTOCOL', '"GET /x?y=1 -"'],
    ['ClientHost', '- - - [10/Oct'],
    ['DownstreamStatus', '" - 12 '],
    ['DownstreamContentSize', '" 200 - '],
    ['RequestCount', '"-" "-" - "web@file"'],
    ['RouterName', ' 1 "-" "http://10.0.0.2:80"'],
    ['ServiceURL', '"web@file" "-" 3ms'],
    ['Duration', '"http://10.0.0.2:80" 0ms'],
  ])('leaves %s out when it is dropped, in any case', async (name, part) => {
    expect(await lineOf({ fields: modes({ [name]: 'drop' }) }, servedExchange())).toContain(part)
  })

  test('is all dashes when every field is dropped', async () => {
    const fields = modes({}, 'drop')
    expect(await lineOf({ fields }, servedExchange())).toBe('- - - [-] "- - -" - - "-" "-" - "-" "-" 0ms')
  })

  test('has the local time when StartUTC is dropped', async () => {
    const line = await lineOf({ fields: modes({ StartUTC: 'drop' }) }, servedExchange())
    const minutes = -new Date(startedAt).getTimezoneOffset()
    const sign = minutes < 0 ? '-' : '+'
    const offset = sign + String(Math.trunc(Math.abs(minutes) / 60) * 100 + (Math.abs(minutes) % 60)).padStart(4, '0')
    expect(/\[[^\]]* ([^\]]+)\]/.exec(line)?.[1]).toBe(offset)
  })

  test('leaves the query out when query parameters are dropped', async () => {
    const fields: AccessLogFields = { defaultMode: 'keep', queryParameters: { defaultMode: 'drop' } }
    expect(await lineOf({ fields }, servedExchange())).toContain('"GET /x HTTP/1.1"')
  })

  test.each([
    ['1.0', 'HTTP/1.0'],
    ['2', 'HTTP/2.0'],
    ['3', 'HTTP/3.0'],
  ] as const)('writes version %s as %s', async (version, written) => {
    expect(await lineOf({}, servedExchange({ version }))).toContain(`"GET /x?y=1 ${written}"`)
  })

  test('counts requests, also those that a filter keeps out', async () => {
    const failed = servedExchange()
    failed.response = { status: 500, headers: [], body: emptyBody }
    const lines = await linesOf({ filters: { statusCodes: [{ from: 500, to: 500 }] } }, servedExchange(), failed)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(' 500 12 "-" "-" 2 "web@file"')
  })
})

describe('a line', () => {
  test.each([
    ['a line feed in the user name', 'a\n203.0.113.8 - - [', 'a\\x0a203.0.113.8 - - ['],
    ['a quote in the user name', 'a" 200 1 "', 'a\\" 200 1 \\"'],
    ['an escape in the user name', 'a\x1b]0;title\x07', 'a\\x1b]0;title\\x07'],
    ['an eight-bit control in the user name', 'a\x9b2J', 'a\\x9b2J'],
    ['bytes of UTF-8', 'gr\xc3\xb6\xc3\x9fe', 'größe'],
    ['a control made of UTF-8 bytes', 'a\xc2\x9b2J', 'a\\x9b2J'],
    ['bytes that are not UTF-8', 'gr\xf6\xdfe', 'größe'],
  ])('keeps %s from forging another', async (_, clientUsername, written) => {
    const exchange = servedExchange()
    exchange.clientUsername = clientUsername
    expect(await lineOf({}, exchange)).toStartWith(`203.0.113.7 - ${written} [10/Oct/2026:13:55:36 +0000] "GET `)
    expect(await jsonOf(exchange)).toHaveProperty('StartUTC')
  })

  test('keeps a quote in the target from forging fields', async () => {
    const line = await lineOf({}, servedExchange({ query: '" 200 1 "' }))
    expect(line).toContain('"GET /x?\\" 200 1 \\" HTTP/1.1" 200 12')
  })
})

describe('the genericCLF format', () => {
  test('is the common line without its last four fields', async () => {
    expect(await lineOf({ format: 'genericCLF' }, servedExchange())).toBe(
      '203.0.113.7 - - [10/Oct/2026:13:55:36 +0000] "GET /x?y=1 HTTP/1.1" 200 12 "-" "-"',
    )
  })
})

describe('filters', () => {
  const slow = () => servedExchange()
  const withStatus = (status: number) => {
    const exchange = servedExchange()
    exchange.response = { status, headers: [], body: emptyBody }
    return exchange
  }

  test.each([
    ['a code that is named', [[404, 404]], 404, 1],
    ['a code that is not', [[404, 404]], 200, 0],
    ['the start of a range', [[300, 302]], 300, 1],
    ['the end of a range', [[300, 302]], 302, 1],
    ['a code after a range', [[300, 302]], 303, 0],
    [
      'a code of the second item',
      [
        [200, 200],
        [500, 599],
      ],
      502,
      1,
    ],
    ['anything when nothing is set', [], 404, 1],
  ] as const)('by status decide about %s', async (_, ranges, status, count) => {
    const statusCodes = ranges.map(([from, to]) => ({ from, to }))
    expect(await linesOf({ filters: { statusCodes } }, withStatus(status))).toHaveLength(count)
  })

  test.each([
    [3, 1],
    [3.75, 0],
    [4, 0],
  ])('by a duration over %d ms keep %d lines of one that took 3.75 ms', async (minDuration, count) => {
    expect(await linesOf({ filters: { minDuration } }, slow())).toHaveLength(count)
  })

  test('are joined by «or»', async () => {
    const filters = { statusCodes: [{ from: 500, to: 500 }], minDuration: 1 }
    expect(await linesOf({ filters }, slow(), withStatus(500))).toHaveLength(2)
  })

  test('by retries keep nothing', async () => {
    expect(await linesOf({ filters: { retryAttempts: true } }, slow())).toEqual([])
  })
})

describe('the access log', () => {
  test('leaves out what its router has switched off', async () => {
    const exchange = servedExchange()
    exchange.accessLogged = false
    expect(await linesOf({}, exchange)).toEqual([])
  })

  test.each([
    [false, 0],
    [true, 1],
  ])('with addInternals %p writes %d lines for an internal service', async (addInternals, count) => {
    const exchange = servedExchange()
    exchange.serviceName = 'api@internal'
    expect(await linesOf({ addInternals }, exchange)).toHaveLength(count)
  })

  test('names the file that cannot be opened', async () => {
    await using folder = await temporaryFolder()
    expect(() => createAccessLog({ ...defaults, filePath: folder.path }, silentLog)).toThrow(
      `cannot open the log file ${folder.path}: `,
    )
  })
})
