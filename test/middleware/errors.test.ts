import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { emptyBody, textBody } from '../../src/http/body.ts'
import type { Handler, HttpRequest, HttpResponse } from '../../src/http/message.ts'
import { errors } from '../../src/middleware/errors.ts'
import { createLog } from '../../src/observe/log.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { PieceSource } from '../support/piece-source.ts'
import { makeRequest, makeResponse, readText, someTls, type RequestParts } from '../support/request.ts'

interface Given {
  readonly options?: Record<string, unknown>
  readonly request?: RequestParts
  /** What the layers behind answer, or fail with. */
  readonly answer?: Partial<HttpResponse> | ProxyError
  /** What the page's service answers, or fails with. */
  readonly page?: Partial<HttpResponse> | ProxyError
}

interface Seen {
  readonly request: HttpRequest
  readonly response: HttpResponse
  /** What the page's service was asked. */
  readonly asked: HttpRequest | undefined
  readonly entries: readonly string[]
}

const thePage: Partial<HttpResponse> = { status: 200, headers: ['X-Page', '1'], body: textBody('the page') }
const refused = new ProxyError('upstream.refused', 'connection refused to 10.0.0.1')

function answering(answer: Partial<HttpResponse> | ProxyError): Handler {
  return () => (answer instanceof ProxyError ? Promise.reject(answer) : Promise.resolve(makeResponse(answer)))
}

async function through({ options = {}, request: parts = {}, answer = { status: 503 }, page }: Given): Promise<Seen> {
  const entries: string[] = []
  const log = createLog({ level: 'DEBUG', format: 'common', noColor: true, write: (entry) => entries.push(entry) })
  let asked: HttpRequest | undefined
  const service: Handler = (request) => {
    asked = request
    return answering(page ?? { ...thePage, body: textBody('the page') })(request)
  }
  const complete = { status: '500-599', service: 'pages', query: '/{status}.html', ...options }
  const middleware = buildMiddleware(errors, complete, {
    log,
    service: (name) => {
      if (name !== 'pages') throw new Error(`no service ${name}`)
      return service
    },
  })
  const request = makeRequest(parts)
  const response = await middleware(answering(answer))(request)
  return { request, response, asked, entries }
}

function targetOf(asked: HttpRequest | undefined): string | undefined {
  return asked && (asked.query === undefined ? asked.path : `${asked.path}?${asked.query}`)
}

describe('errors', () => {
  test('puts the page in the place of a response in its range, with the status that the response had', async () => {
    const { response, asked } = await through({ answer: { status: 503, headers: ['X-Failed', '1'] } })
    expect(response).toMatchObject({ status: 503, headers: ['X-Page', '1'] })
    expect(await readText(response.body)).toBe('the page')
    expect(targetOf(asked)).toBe('/503.html')
  })

  test.each([
    ['503', 503, true],
    ['503', 502, false],
    ['500-599', 500, true],
    ['500-599', 599, true],
    ['500-599', 499, false],
    ['500-599', 600, false],
    [['404', '418', '500-502'], 418, true],
    ['404,418,500-502', 502, true],
    [['404', '418', '500-502'], 503, false],
    ['200', 200, true],
    ['304', 304, true],
  ])('with status %j of a %i puts the page in: %p', async (status, answered, isReplaced) => {
    const { response, asked } = await through({ options: { status }, answer: { status: answered } })
    expect(response.status).toBe(answered)
    expect(asked !== undefined).toBe(isReplaced)
  })

  test('lets other responses pass as they are', async () => {
    const answer = makeResponse({ body: new PieceSource().body })
    expect((await through({ answer })).response.body).toBe(answer.body)
  })

  test('cancels the body of the failing response', async () => {
    const source = new PieceSource()
    await through({ answer: { status: 500, body: source.body } })
    expect(source.cancelled).toBeInstanceOf(ProxyError)
  })

  test.each([200, 302, 404, 500])('does not look at the page’s own status: %i', async (status) => {
    expect((await through({ page: { ...thePage, status } })).response.status).toBe(503)
  })

  test.each([
    [{ 503: 404 }, 503, 404],
    [{ '502-504': 500, '503-503': 404 }, 503, 500],
    [{ 418: 404 }, 503, 503],
  ])('with statusRewrites %o answers a %i with %i', async (statusRewrites, from, to) => {
    const query = '/{status}/{originalStatus}/{status}'
    const { response, asked } = await through({ options: { statusRewrites, query }, answer: { status: from } })
    expect(response.status).toBe(to)
    expect(asked!.path).toBe(`/${to}/${from}/${to}`)
  })

  test.each([
    ['', '/'],
    ['page.html', '/page.html'],
    ['//page.html', '//page.html'],
    ['/test?a={status}#f', '/test?a=503'],
    ['/a b/é?c d', '/a%20b/%C3%A9?c%20d'],
    ['/{unknown}', '/%7Bunknown%7D'],
    ['/{url}', '/http%3A%2F%2Fa.test%2Ftest%252Fx%3Ffoo%3Dbar%26baz%3Dbuz'],
    ['/?status={status}&url={url}', '/?status=503&url=http%3A%2F%2Fa.test%2Ftest%252Fx%3Ffoo%3Dbar%26baz%3Dbuz'],
  ])('with the query %j asks for %s', async (query, target) => {
    const request = { path: '/test%2Fx', query: 'foo=bar&baz=buz' }
    expect(targetOf((await through({ options: { query }, request })).asked)).toBe(target)
  })

  test('tells an URL of TLS as https', async () => {
    const { asked } = await through({ options: { query: '?{url}' }, request: { client: { tls: someTls } } })
    expect(targetOf(asked)).toBe('/?https%3A%2F%2Fa.test%2F')
  })

  test('answers with the status alone where the query makes no path', async () => {
    const { response, asked } = await through({ options: { query: '/%zz' } })
    expect(asked).toBeUndefined()
    expect(response.status).toBe(503)
    expect(await readText(response.body)).toBe('Service Unavailable\n')
  })

  test('asks with a GET without body that has come from no peer, as part of the same exchange', async () => {
    const { request, asked } = await through({ request: { method: 'POST', body: textBody('form'), version: '1.0' } })
    expect(asked).toMatchObject({ method: 'GET', host: 'a.test', version: '1.0', synthetic: true })
    expect(asked!.body.length).toBe(0)
    expect(asked!.exchange).toBe(request.exchange)
  })

  const sent = ['Authorization', 'secret', 'X-Request-Id', '1', 'X-Request-Id', '2']
  test.each([
    [undefined, sent],
    [[], sent],
    [['x-request-id'], ['X-Request-Id', '1', 'X-Request-Id', '2']],
    [['X-None'], []],
  ])('with errorRequestHeaders %o sends the page’s service %p', async (names, headers) => {
    const options = names === undefined ? {} : { errorRequestHeaders: names }
    const { asked } = await through({ options, request: { headers: sent } })
    expect(asked!.headers).toEqual(headers)
  })

  test('does not ask the page’s service for what only the failed request was to do', async () => {
    const headers = ['Upgrade', 'websocket', 'Connection', 'upgrade', 'Expect', '100-continue']
    expect((await through({ request: { headers } })).asked!.headers).toEqual(['Connection', 'upgrade'])
  })

  test('counts a failure behind it as the status that it has, notes it and logs it once', async () => {
    const { response, request, entries } = await through({ answer: refused })
    expect(response).toMatchObject({ status: 502, headers: ['X-Page', '1'] })
    expect(request.exchange.failure).toBe(refused)
    expect(entries.join('')).toContain('connection refused to 10.0.0.1')
    expect(entries).toHaveLength(1)
  })

  test('settles a failure that is not in its range as well', async () => {
    const { response, asked } = await through({ options: { status: '404' }, answer: refused })
    expect(asked).toBeUndefined()
    expect(response.status).toBe(502)
    expect(await readText(response.body)).toBe('Bad Gateway')
  })

  test('keeps the status when the page can’t be had', async () => {
    const { response, entries } = await through({ page: refused })
    expect(response).toMatchObject({ status: 503, headers: [] })
    expect(await readText(response.body)).toBe('Bad Gateway')
    expect(entries).toHaveLength(1)
  })

  test('announces no length of a page that the client has by its own account', async () => {
    const { response } = await through({ page: { status: 304, body: emptyBody, announcedLength: 55 } })
    expect(response).toMatchObject({ status: 503, body: { length: 0 }, announcedLength: undefined })
  })

  test('asks for no page when the client has gone', async () => {
    const request = makeRequest()
    request.exchange.cancel(new ProxyError('client.reset', 'gone'))
    const answer = new ProxyError('client.reset', 'gone')
    const { response, asked } = await through({ options: { status: '400-599' }, request, answer })
    expect(asked).toBeUndefined()
    expect(response.status).toBe(499)
  })

  test('can’t be built on a service that is not there', () => {
    const options = { status: '500', service: 'none', query: '/' }
    expect(() => buildMiddleware(errors, options)).toThrow('no service none')
  })

  test.each([
    [{ status: '500' }, 'service: is required (expected a non-empty string)'],
    [
      { status: ['50x'], service: 's' },
      'status[0]: is not a range of status codes: "50x" (expected a status code such as 404 or a range such as 500-599)',
    ],
    [
      { status: ['500,502'], service: 's' },
      'status[0]: is not a range of status codes: "500,502" (expected a status code such as 404 or a range such as 500-599)',
    ],
    [
      { status: '599-500', service: 's' },
      'status[0]: is not a range of status codes: "599-500" (expected a status code such as 404 or a range such as 500-599)',
    ],
    [
      { service: 's', statusRewrites: { 5: 500 } },
      'statusRewrites.5: is not a status code such as 404 or a range such as 500-599',
    ],
    [
      { service: 's', statusRewrites: { 500: 'x' } },
      'statusRewrites.500: is not a whole number: "x" (expected a whole number from 200 to 999)',
    ],
  ])('refuses %o', (options, problem) => {
    expect(problemsOf(errors, options)).toContain(problem)
  })
})
