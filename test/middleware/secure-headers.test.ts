import { describe, expect, test } from 'bun:test'
import { headers } from '../../src/middleware/headers.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { asObject, makeRequest, makeResponse, pass, readText, someTls, type RequestParts } from '../support/request.ts'

const overTls: RequestParts = { client: { tls: someTls } }

async function guarded(options: object, parts: RequestParts = {}, sent: string[] = []) {
  const middleware = buildMiddleware(headers, options)
  const { response } = await pass(middleware, makeRequest(parts), makeResponse({ headers: sent }))
  return asObject(response.headers)
}

describe('secure headers', () => {
  test.each([
    [{ frameDeny: true }, 'X-Frame-Options', 'DENY'],
    [{ frameDeny: true, customFrameOptionsValue: 'SAMEORIGIN' }, 'X-Frame-Options', 'SAMEORIGIN'],
    [{ contentTypeNosniff: true }, 'X-Content-Type-Options', 'nosniff'],
    [{ browserXssFilter: true }, 'X-Xss-Protection', '1; mode=block'],
    [{ browserXSSFilter: true, customBrowserXSSValue: '0' }, 'X-Xss-Protection', '0'],
    [{ contentSecurityPolicy: "default-src 'self'" }, 'Content-Security-Policy', "default-src 'self'"],
    [{ contentSecurityPolicyReportOnly: 'a' }, 'Content-Security-Policy-Report-Only', 'a'],
    [{ referrerPolicy: 'no-referrer' }, 'Referrer-Policy', 'no-referrer'],
    [{ permissionsPolicy: 'geolocation=()' }, 'Permissions-Policy', 'geolocation=()'],
  ])('by %o set %s: %s in place of what the server sent', async (options, name, value) => {
    expect(await guarded(options, {}, [name.toLowerCase(), 'server', name, 'again'])).toEqual({ [name]: value })
  })

  test.each([
    [{ stsSeconds: 60 }, overTls, 'max-age=60'],
    [{ stsSeconds: 60, stsIncludeSubdomains: true }, overTls, 'max-age=60; includeSubDomains'],
    [
      { stsSeconds: 60, stsIncludeSubdomains: true, stsPreload: true },
      overTls,
      'max-age=60; includeSubDomains; preload',
    ],
    [{ stsSeconds: 60, stsPreload: true, forceSTSHeader: true }, {}, 'max-age=60; preload'],
    [{ stsSeconds: 60 }, {}, undefined],
    [{ stsPreload: true }, overTls, undefined],
    [{ stsSeconds: 60, isDevelopment: true, forceSTSHeader: true }, overTls, undefined],
    [{ stsSeconds: 60, sslProxyHeaders: { 'X-Proto': 'tls' } }, { headers: ['x-proto', 'tls'] }, 'max-age=60'],
    [{ stsSeconds: 60, sslProxyHeaders: { 'X-Proto': 'tls' } }, { headers: ['x-proto', 'TLS'] }, undefined],
  ])('by %o for %o set Strict-Transport-Security: %s', async (options, parts, expected) => {
    expect((await guarded(options, parts))['Strict-Transport-Security']).toBe(expected as string)
  })

  test.each([
    [{ publicKey: 'pin' }, overTls, 'pin'],
    [{ publicKey: 'pin' }, {}, undefined],
    [{ publicKey: 'pin', isDevelopment: true }, overTls, undefined],
  ])('by %o for %o set Public-Key-Pins: %s', async (options, parts, expected) => {
    expect((await guarded(options, parts))['Public-Key-Pins']).toBe(expected as string)
  })
})

describe('allowedHosts', () => {
  const hosts = { allowedHosts: ['a.test', 'B.test'] }
  const proxied = { ...hosts, hostsProxyHeaders: ['X-Host', 'X-Other'] }
  test.each([
    [hosts, { host: 'a.test' }, true],
    [hosts, { host: 'b.TEST' }, true],
    [hosts, { host: 'c.test' }, false],
    [hosts, { host: 'a.test:80' }, false],
    [{ ...hosts, isDevelopment: true }, { host: 'c.test' }, true],
    [{ ...hosts, customRequestHeaders: { Host: 'a.test' } }, { host: 'c.test' }, true],
    [hosts, { host: 'c.test', headers: ['X-Host', 'a.test'] }, false],
    [proxied, { host: 'c.test', headers: ['X-Host', '', 'X-Other', 'b.test'] }, true],
    [proxied, { host: 'a.test', headers: ['X-Host', 'c.test'] }, false],
    [proxied, { host: 'a.test' }, true],
  ])('%o, asked for %o, lets it pass: %p', async (options, parts, passes) => {
    const { received, response } = await pass(buildMiddleware(headers, options), makeRequest(parts))
    expect(received !== undefined).toBe(passes)
    expect(response.status).toBe(passes ? 200 : 500)
    if (!passes) expect(await readText(response.body)).toBe('Bad Host\n')
  })

  test('refuses with custom and CORS headers, without secure ones', async () => {
    const options = { ...hosts, frameDeny: true, customResponseHeaders: { 'X-C': '1' }, addVaryHeader: true }
    const { response } = await pass(buildMiddleware(headers, options), makeRequest({ host: 'c.test' }))
    expect(asObject(response.headers)).toMatchObject({ 'X-C': '1', Vary: 'Origin' })
    expect(asObject(response.headers)).not.toHaveProperty('X-Frame-Options')
  })
})

describe('secure options', () => {
  test.each([
    [{ stsSeconds: -1 }, 'stsSeconds: is out of range: -1 (expected a whole number, at least 0)'],
    [{ contentSecurityPolicy: 'a\r\nX-Evil: 1' }, 'contentSecurityPolicy: has a control character'],
    [{ sslProxyHeaders: { 'a b': 'c' } }, 'sslProxyHeaders."a b": is not a header name'],
  ])('%o are refused', (options, problem) => {
    expect(problemsOf(headers, options)[0]).toStartWith(problem)
  })
})
