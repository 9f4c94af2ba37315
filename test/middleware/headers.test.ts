import { describe, expect, test } from 'bun:test'
import { forwardedHeaders } from '../../src/http/forwarded.ts'
import { outgoingRequestHeaders } from '../../src/http/connection-headers.ts'
import { headers } from '../../src/middleware/headers.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { asObject, makeRequest, makeResponse, pass } from '../support/request.ts'

describe('customRequestHeaders', () => {
  test('set, replace and take away, in canonical case', async () => {
    const custom = { 'x-new': 'n', 'X-Old': 'o', 'x-gone': '' }
    const sent = ['X-GONE', '1', 'x-old', '2', 'Accept', '*/*', 'X-Old', '3']
    const { received } = await pass(
      buildMiddleware(headers, { customRequestHeaders: custom }),
      makeRequest({ headers: sent }),
    )
    expect(received!.headers).toEqual(['Accept', '*/*', 'X-New', 'n', 'X-Old', 'o'])
  })

  test.each([
    ['Host', 'b.test', 'b.test'],
    ['host', 'b.test:81', 'b.test:81'],
    ['Host', '', 'a.test'],
  ])('%s: "%s" makes the host %s', async (name, value, host) => {
    const { received } = await pass(
      buildMiddleware(headers, { customRequestHeaders: { [name]: value } }),
      makeRequest({ headers: ['X', '1'] }),
    )
    expect(received!.host).toBe(host)
    expect(received!.headers).toEqual(['X', '1'])
  })

  test.each([[['X-Forwarded-For', '1.1.1.1']], [[]]])(
    'X-Forwarded-For: "" keeps the forwarder from sending any, with %o',
    async (sent) => {
      const trusting = {
        insecure: true,
        trusted: () => true,
        connection: [],
        addXForwardedSchemeHeaders: false,
        hostname: 'edge1',
      }
      const nulling = buildMiddleware(headers, { customRequestHeaders: { 'X-Forwarded-For': '' } })
      const { received } = await pass(
        (next) => forwardedHeaders(trusting)(nulling(next)),
        makeRequest({ headers: sent }),
      )
      const outgoing = outgoingRequestHeaders(received!, { appendForwardedFor: true })
      expect(asObject(outgoing)).not.toHaveProperty('X-Forwarded-For')
    },
  )

  test('count once for a name written twice', async () => {
    const middleware = buildMiddleware(headers, { customRequestHeaders: { 'x-a': '1', 'X-A': '2' } })
    expect((await pass(middleware, makeRequest())).received!.headers).toEqual(['X-A', '2'])
  })

  test('carry text as its UTF-8 bytes', async () => {
    const middleware = buildMiddleware(headers, { customRequestHeaders: { 'X-Name': 'é' } })
    const { received } = await pass(middleware, makeRequest())
    expect(received!.headers).toEqual(['X-Name', '\xc3\xa9'])
  })

  test('hand the response on as it is', async () => {
    const answer = makeResponse()
    const middleware = buildMiddleware(headers, { customRequestHeaders: { A: 'b' } })
    expect((await pass(middleware, makeRequest(), answer)).response).toBe(answer)
  })
})

describe('customResponseHeaders', () => {
  test('set, replace and take away', async () => {
    const middleware = buildMiddleware(headers, { customResponseHeaders: { Server: '', 'x-a': 'new' } })
    const sent = ['server', 'nginx', 'X-A', 'old', 'Content-Type', 'text/plain']
    const { received, response } = await pass(middleware, makeRequest(), makeResponse({ headers: sent }))
    expect(received!.headers).toEqual([])
    expect(response.headers).toEqual(['Content-Type', 'text/plain', 'X-A', 'new'])
  })

  test('keep status, body and upgrade', async () => {
    const upgrade = { start: () => Promise.resolve(), refuse: () => {} }
    const answer = makeResponse({ status: 101, upgrade })
    const { response } = await pass(
      buildMiddleware(headers, { customResponseHeaders: { A: 'b' } }),
      makeRequest(),
      answer,
    )
    expect(response).toEqual({ ...answer, headers: ['A', 'b'] })
  })
})

describe('the order of headers', () => {
  test('is secure, then custom, then CORS', async () => {
    const middleware = buildMiddleware(headers, {
      frameDeny: true,
      contentTypeNosniff: true,
      customResponseHeaders: {
        'X-Frame-Options': 'SAMEORIGIN',
        'X-Content-Type-Options': '',
        'Access-Control-Allow-Origin': 'custom',
      },
      accessControlAllowOriginList: ['*'],
    })
    const { response } = await pass(middleware, makeRequest())
    expect(asObject(response.headers)).toEqual({ 'X-Frame-Options': 'SAMEORIGIN', 'Access-Control-Allow-Origin': '*' })
  })

  test('lets custom request headers decide on the origin of the answer', async () => {
    const middleware = buildMiddleware(headers, {
      customRequestHeaders: { Origin: 'https://set.test' },
      accessControlAllowOriginList: ['https://set.test'],
    })
    const { response } = await pass(middleware, makeRequest())
    expect(response.headers).toEqual(['Access-Control-Allow-Origin', 'https://set.test'])
  })
})

describe('headers options', () => {
  test.each(['sslRedirect', 'sslTemporaryRedirect', 'sslForceHost', 'sslHost', 'featurePolicy'])(
    'accept the dead key %s with a warning and change nothing',
    async (key) => {
      const options = { [key]: 'true' }
      expect(problemsOf(headers, options)).toEqual([`${key}: warning: has no effect`])
      const answer = makeResponse()
      expect((await pass(buildMiddleware(headers, options), makeRequest(), answer)).response).toBe(answer)
    },
  )

  test.each([
    [{ frameDeny: false }],
    [{ customFrameOptionsValue: '', stsSeconds: 0, accessControlAllowOriginList: [] }],
  ])('that set nothing are refused: %o', (options) => {
    expect(problemsOf(headers, options)).toEqual(['headers configuration not valid: it sets nothing'])
  })

  test.each([
    [
      { customRequestHeaders: { 'Bad Name': 'x' } },
      'customRequestHeaders."Bad Name": is not a header name (expected letters',
    ],
    [{ customRequestHeaders: { A: 'x\ny' } }, 'customRequestHeaders.A: has a control character'],
    [{ customResponseHeaders: 'x' }, 'customResponseHeaders: is "x" (expected a map)'],
    [{ frameDenny: true }, 'frameDenny: unknown key'],
    [{ frameDeny: 'yes' }, 'frameDeny: is not a boolean: "yes"'],
  ])('%o are refused', (options, problem) => {
    expect(problemsOf(headers, options)[0]).toStartWith(problem)
  })

  test('warn of fields that only framing may write', async () => {
    const options = { customResponseHeaders: { 'content-length': '5', 'X-A': '1' } }
    expect(problemsOf(headers, options)).toEqual([
      'customResponseHeaders.content-length: warning: has no effect: it follows from the body that is sent',
    ])
    const { response } = await pass(buildMiddleware(headers, options), makeRequest())
    expect(response.headers).toEqual(['X-A', '1'])
  })
})
