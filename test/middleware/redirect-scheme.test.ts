import { describe, expect, test } from 'bun:test'
import { redirectScheme } from '../../src/middleware/redirect-scheme.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText, someTls, type RequestParts } from '../support/request.ts'

function redirect(options: object, parts: RequestParts) {
  return pass(buildMiddleware(redirectScheme, options), makeRequest(parts))
}

const https = { scheme: 'https' }

describe('redirectScheme', () => {
  test.each([
    [https, { host: 'foo:8080', path: '/x' }, 'https://foo/x'],
    [https, { host: 'foo', path: '/a%2Fb', query: 'q=1&r' }, 'https://foo/a%2Fb?q=1&r'],
    [https, { host: 'foo', path: '', query: undefined }, 'https://foo/'],
    [{ ...https, port: 8443 }, { host: 'foo' }, 'https://foo:8443/'],
    [{ ...https, port: '443' }, { host: 'foo' }, 'https://foo/'],
    [{ scheme: 'HTTPS', port: '443' }, { host: 'foo' }, 'https://foo/'],
    [{ scheme: 'http', port: 80 }, { host: 'foo:81' }, 'http://foo/'],
    [{ scheme: 'http', port: 443 }, { host: 'foo' }, 'http://foo:443/'],
    [https, { host: '[::1]:80' }, 'https://[::1]/'],
    [{ ...https, port: '8443' }, { host: '[::1]' }, 'https://[::1]:8443/'],
    [{ scheme: 'http' }, { host: 'foo', client: { tls: someTls } }, 'http://foo/'],
    [https, { host: 'foo:8443', client: { tls: someTls } }, 'https://foo/'],
    [https, { host: 'foo', client: { tls: someTls }, headers: ['X-Forwarded-Proto', 'http'] }, 'https://foo/'],
    [https, { host: 'foo', headers: ['X-Forwarded-Proto', 'ws'] }, 'https://foo/'],
    [https, { host: 'foo', headers: ['X-Forwarded-Proto', 'other'] }, 'https://foo/'],
  ] as [object, RequestParts, string][])('with %o sends %o to %s', async (options, parts, location) => {
    const { received, response } = await redirect(options, parts)
    expect(received).toBeUndefined()
    expect(response.headers).toEqual(['Location', location])
  })

  test.each([
    [https, { host: 'foo', client: { tls: someTls } }],
    [https, { host: 'foo:443', client: { tls: someTls } }],
    [https, { host: 'foo', headers: ['X-Forwarded-Proto', 'https'] }],
    [https, { host: 'foo', headers: ['X-Forwarded-Proto', 'WSS'] }],
    [
      { ...https, port: '8443' },
      { host: 'foo:8443', client: { tls: someTls } },
    ],
    [{ scheme: 'http', port: '80' }, { host: 'foo:80' }],
    [{ scheme: 'http' }, { host: '[::1]' }],
  ] as [object, RequestParts][])('with %o lets %o pass, which is there already', async (options, parts) => {
    const request = makeRequest(parts)
    expect((await pass(buildMiddleware(redirectScheme, options), request)).received).toBe(request)
  })

  test.each([
    ['GET', false, 302, 'Found'],
    ['GET', true, 301, 'Moved Permanently'],
    ['POST', false, 307, 'Temporary Redirect'],
    ['HEAD', false, 307, 'Temporary Redirect'],
    ['HEAD', true, 308, 'Permanent Redirect'],
    ['PATCH', true, 308, 'Permanent Redirect'],
  ])('answers %s, permanent %p, with %i %s', async (method, permanent, status, text) => {
    const { response } = await redirect({ ...https, permanent }, { method })
    expect(response.status).toBe(status)
    expect(await readText(response.body)).toBe(text)
  })

  test.each([
    [{ permanent: true }, 'scheme: is required'],
    [{ scheme: '' }, 'scheme: is empty'],
    [{ scheme: 'https://' }, 'scheme: is not a URL scheme: "https://"'],
    [{ scheme: 'https', port: '0' }, 'port: is not a port: "0"'],
    [{ scheme: 'https', port: ':443' }, 'port: is not a port: ":443" (expected a number from 1 to 65535)'],
    [{ scheme: 'https', permanent: 'yes' }, 'permanent: is not a boolean: "yes"'],
  ])('refuses %o', (options, problem) => {
    expect(problemsOf(redirectScheme, options).join()).toStartWith(problem)
  })
})
