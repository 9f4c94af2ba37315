import { describe, expect, test } from 'bun:test'
import { redirectRegex } from '../../src/middleware/redirect-regex.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText, someTls, type RequestParts } from '../support/request.ts'

type Options = { readonly regex: string; readonly replacement: string; readonly permanent?: boolean }

function redirect(options: Options, parts: RequestParts) {
  return pass(buildMiddleware(redirectRegex, options), makeRequest(parts))
}

const toWww: Options = { regex: '(https?)://[^/:]+(:[0-9]+)?/(.*)', replacement: '$1://example.com$2/$3' }
const tls = { client: { tls: someTls } }

describe('redirectRegex', () => {
  test.each([
    [
      { regex: String.raw`^(?:http?:\/\/)(foo)(\.com)(:\d+)(.*)$`, replacement: 'https://${1}bar$2:443$4' },
      { host: 'foo.com:80', path: '/x' },
      'https://foobar.com:443/x',
    ],
    [{ regex: '^http://', replacement: 'https://$1' }, { host: 'foo' }, 'https://foo/'],
    [{ regex: 'https://foo', replacement: 'http://foo' }, { host: 'foo', ...tls }, 'http://foo/'],
    [toWww, { host: 'www.example.com', path: '/path' }, 'http://example.com/path'],
    [toWww, { host: 'www.example.com:8080', path: '/path' }, 'http://example.com:8080/path'],
    [toWww, { host: 'www.example.com', ...tls }, 'https://example.com/'],
    [toWww, { host: 'www.example.com', path: '', query: 'a=b' }, 'http://example.com/?a=b'],
    [{ regex: '^http://foo/(?P<rest>.*)', replacement: '/new/${rest}' }, { host: 'foo', path: '/a%2Fb' }, '/new/a%2Fb'],
    [{ regex: '(?i)^http://FOO/.*', replacement: 'HTTPS://foo/a b/é' }, { host: 'foo' }, 'https://foo/a%20b/%C3%A9'],
  ] as [Options, RequestParts, string][])('with %o sends %o to %s', async (options, parts, location) => {
    const { received, response } = await redirect(options, parts)
    expect(received).toBeUndefined()
    expect(response.headers).toEqual(['Location', location])
  })

  test('goes by TLS alone, not by X-Forwarded-Proto', async () => {
    const options = { regex: '^http://foo/', replacement: 'https://foo/' }
    const { response } = await redirect(options, { host: 'foo', headers: ['X-Forwarded-Proto', 'https'] })
    expect(response.headers).toEqual(['Location', 'https://foo/'])
  })

  test.each([
    [{ regex: '^http://bar', replacement: 'http://foo' }, { host: 'foo' }],
    [{ regex: '^https://foo', replacement: 'https://bar' }, { host: 'foo' }],
    [
      { regex: '^http://(.*)', replacement: 'http://$1' },
      { host: 'foo', path: '/x' },
    ],
  ])('with %o lets %o pass', async (options, parts) => {
    const request = makeRequest(parts)
    expect((await pass(buildMiddleware(redirectRegex, options), request)).received).toBe(request)
  })

  test.each([
    ['GET', false, 302, 'Found'],
    ['GET', true, 301, 'Moved Permanently'],
    ['POST', false, 307, 'Temporary Redirect'],
    ['HEAD', true, 308, 'Permanent Redirect'],
  ])('answers %s, permanent %p, with %i %s', async (method, permanent, status, text) => {
    const { response } = await redirect({ ...toWww, permanent }, { method })
    expect(response.status).toBe(status)
    expect(await readText(response.body)).toBe(text)
  })

  test('answers 502 where its replacement makes no URL', async () => {
    const { response } = await redirect({ regex: '^(.*)$', replacement: 'http://192.168.0.%31/' }, { host: 'foo.com' })
    expect(response).toMatchObject({ status: 502, headers: [] })
    expect(await readText(response.body)).toBe('Bad Gateway')
  })

  test.each([
    [{ regex: '^(.*', replacement: '$1' }, 'regex: is not a regular expression that Go understands: missing closing )'],
    [{ regex: '(?=x)', replacement: '$1' }, 'regex: is not a regular expression that Go understands:'],
    [{ regex: 'x' }, 'replacement: is required'],
    [{ replacement: 'x' }, 'regex: is required'],
  ])('refuses %o', (options, problem) => {
    expect(problemsOf(redirectRegex, options).join()).toStartWith(problem)
  })
})
