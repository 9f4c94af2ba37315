import { describe, expect, test } from 'bun:test'
import { replacePath } from '../../src/middleware/replace-path.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass } from '../support/request.ts'

describe('replacePath', () => {
  test.each([
    ['/z', '/a%2Fb', '/z', '/a%2Fb'],
    ['/replacement-path', '/some/really/long/path', '/replacement-path', '/some/really/long/path'],
    ['/foo%2Fbar', '/path', '/foo%2Fbar', '/path'],
    ['/%08bar', '/path', '/%08bar', '/path'],
    ['/a?b', '/path', '/a%3Fb', '/path'],
    ['/é', '/path', '/%C3%A9', '/path'],
    ['z', '/', '/z', '/'],
    ['', '/a', '', '/a'],
    ['/z', '', '/z', ''],
  ])('%j makes of %j the path %j and tells %j', async (path, from, expected, told) => {
    const request = makeRequest({ path: from, query: 'q=1' })
    const { received } = await pass(buildMiddleware(replacePath, { path }), request)
    expect(received).toMatchObject({ path: expected, query: 'q=1', headers: ['X-Replaced-Path', told] })
  })

  test('adds its header to one that is there', async () => {
    const request = makeRequest({ path: '/b', headers: ['X-Replaced-Path', '/earlier'] })
    const { received } = await pass(buildMiddleware(replacePath, { path: '/z' }), request)
    expect(received!.headers).toEqual(['X-Replaced-Path', '/earlier', 'X-Replaced-Path', '/b'])
  })

  test.each([
    [{ path: '/%zz' }, 'path: is not an encoded path: invalid URL escape "%zz"'],
    [{ paths: '/x' }, 'paths: unknown key (expected path; did you mean "path"?)'],
  ])('refuses %o', (options, problem) => {
    expect(problemsOf(replacePath, options)).toContain(problem)
  })
})
