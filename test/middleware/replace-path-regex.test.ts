import { describe, expect, test } from 'bun:test'
import { replacePathRegex } from '../../src/middleware/replace-path-regex.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText } from '../support/request.ts'

function replace(regex: string, replacement: string, path: string) {
  return pass(buildMiddleware(replacePathRegex, { regex, replacement }), makeRequest({ path, query: 'q=1' }))
}

describe('replacePathRegex', () => {
  test.each([
    ['^/api/(.*)', '/$1', '/api/x', '/x'],
    ['^/whoami/(.*)', '/who-am-i/$1', '/whoami/and/whoami', '/who-am-i/and/whoami'],
    ['/whoami', '/who-am-i', '/whoami/and/whoami', '/who-am-i/and/who-am-i'],
    ['/whoami', '', '/whoami/and/whoami', '/and'],
    [' /whoami ', ' ', '/whoami/and/whoami', '/and'],
    ['^/all$', '', '/all', ''],
    ['^(?i)/downloads/([^/]+)/([^/]+)$', '/downloads/$1-$2', '/downloads/src/source.go', '/downloads/src-source.go'],
    ['/aaa/bbb', '/foo%2Fbar', '/aaa/bbb', '/foo%2Fbar'],
    ['/aaa%2Fbbb', '/foo/bar', '/aaa%2Fbbb', '/foo/bar'],
    ['^/foo/(.*)', '/$1', '/foo/%08bar', '/%08bar'],
    ['^/(?P<who>[a-z]+)/.*', '/of?${who}', '/me/x', '/of%3Fme'],
    ['^/a', 'b', '/a', '/b'],
    ['^/a$', '/é', '/a', '/%C3%A9'],
  ])('%j → %j makes of %s %s, and tells what it was', async (regex, replacement, path, expected) => {
    const { received } = await replace(regex, replacement, path)
    expect(received).toMatchObject({ path: expected, query: 'q=1', headers: ['X-Replaced-Path', path] })
  })

  test.each([
    ['/no-match', '/whoami', '/whoami'],
    ['^/api/(.*)', '/$1', '/web'],
    ['/aaa/bbb', '/foo/bar', '/aaa%2Fbbb'],
  ])('%j → %j lets %s pass unchanged', async (regex, replacement, path) => {
    const { received } = await replace(regex, replacement, path)
    expect(received).toMatchObject({ path, headers: [] })
  })

  test.each([
    ['^/foo(.*)', '/$1', '/foo../bar'],
    ['^/foo(.*)', '/$1', '/foo/bar'],
    ['^/(.*)', '/$1/./x', '/a'],
    ['^/(.*)', '/%2e%2e/$1', '/a'],
    ['^/(.*)', '/../$1', '/a'],
  ])('%j → %j refuses %s, which would leave a path that is not clean', async (regex, replacement, path) => {
    const { received, response } = await replace(regex, replacement, path)
    expect(received).toBeUndefined()
    expect(response.status).toBe(400)
    expect(await readText(response.body)).toBe('Bad Request\n')
  })

  test('answers 500 where a replacement breaks an escape', async () => {
    const { received, response } = await replace('^/(.*)', '/%z$1', '/abc')
    expect(received).toBeUndefined()
    expect(response.status).toBe(500)
    expect(await readText(response.body)).toBe('invalid URL escape "%za"\n')
  })

  test('refuses an expression that Go refuses', () => {
    const [problem] = problemsOf(replacePathRegex, { regex: '^(?err)/x', replacement: '/' })
    expect(problem).toStartWith('regex: is not a regular expression that Go understands: ')
  })
})
