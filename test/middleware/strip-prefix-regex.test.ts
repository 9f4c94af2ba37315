import { describe, expect, test } from 'bun:test'
import { stripPrefixRegex } from '../../src/middleware/strip-prefix-regex.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText } from '../support/request.ts'

function strip(regex: string | string[], path: string) {
  return pass(buildMiddleware(stripPrefixRegex, { regex }), makeRequest({ path, query: 'q=1' }))
}

/** One char per byte, as header values are. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

describe('stripPrefixRegex', () => {
  test.each([
    ['/a/api/', '/a/api/', '', '/a/api/'],
    ['/a/api/', '/a/api/test', '/test', '/a/api/'],
    ['/a/api/', '/a/api/test/', '/test/', '/a/api/'],
    ['/b/([a-z0-9]+)/', '/b/api/', '', '/b/api/'],
    ['/b/([a-z0-9]+)/', '/b/api2/test2', '/test2', '/b/api2/'],
    ['/c/[a-z0-9]+/[0-9]+/', '/c/api/123/test3', '/test3', '/c/api/123/'],
    [' ^/t ', '/test', '/est', '/t'],
    ['/api/', '/ap%69/a%2Fb', '/a%2Fb', '/api/'],
    ['^/[^/]+', '/a%20b/c%20d', '/c%20d', '/a b'],
    ['^/.', '/%C3%A9/x', '/x', utf8('/é')],
    ['^/[^/]+', '/%FF/x', '/x', '/\xff'],
    ['/a$', '/a/a', '/a', '/a'],
    ['^/a', '/a%2Fb', '/b', '/a'],
  ])('%j turns %s into "%s" and tells %j', async (regex, path, expected, told) => {
    const { received } = await strip(regex, path)
    expect(received).toMatchObject({ path: expected, query: 'q=1', headers: ['X-Forwarded-Prefix', told] })
  })

  test.each([
    ['/a/api/', '/a/test'],
    ['/b/([a-z0-9]+)/', '/b/api'],
    ['/c/[a-z0-9]+/[0-9]+/', '/c/api/abc/test4'],
    ['x*', '/xx'],
    ['api', '/api'],
    ['/b', '/a/b'],
  ])('%j lets %s pass unchanged', async (regex, path) => {
    const { received } = await strip(regex, path)
    expect(received).toMatchObject({ path, headers: [] })
  })

  test('takes the first expression that fits', async () => {
    const { received } = await strip(['/none', '/s', '/stat/'], '/stat/us')
    expect(received).toMatchObject({ path: '/tat/us', headers: ['X-Forwarded-Prefix', '/s'] })
  })

  test.each([
    ['^/api', '/api../foo'],
    ['^/api', '/api./foo'],
    ['^/api', '/api//x'],
    ['^/api', '/api%2F../x'],
  ])('%j refuses %s, which would leave a path that is not clean', async (regex, path) => {
    const { received, response } = await strip(regex, path)
    expect(received).toBeUndefined()
    expect(response.status).toBe(400)
    expect(await readText(response.body)).toBe('Bad Request\n')
  })

  test('refuses an expression that Go refuses', () => {
    const [problem] = problemsOf(stripPrefixRegex, { regex: ['/ok', '(x'] })
    expect(problem).toStartWith('regex[1]: is not a regular expression that Go understands: ')
  })
})
