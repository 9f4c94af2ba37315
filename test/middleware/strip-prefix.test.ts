import { describe, expect, test } from 'bun:test'
import { stripPrefix } from '../../src/middleware/strip-prefix.ts'
import { buildMiddleware } from '../support/middleware.ts'
import { makeRequest, pass, readText } from '../support/request.ts'

function strip(options: object, path: string, headers: string[] = []) {
  return pass(buildMiddleware(stripPrefix, options), makeRequest({ path, query: 'q=1', headers }))
}

describe('stripPrefix', () => {
  test.each([
    ['/stat', '/stat', ''],
    ['/stat', '/stat/', '/'],
    ['/stat', '/stat/us', '/us'],
    ['/stat', '/status', '/us'],
    ['/api', '/apiary', '/ary'],
    ['/api/', '/ap%69/a%2Fb', '/a%2Fb'],
    ['/api', '/api/%C3%A9', '/%C3%A9'],
    ['/é', '/%C3%A9/x', '/x'],
    ['/a b', '/a%20b/c%20d', '/c%20d'],
    ['/api', '/api%2Fx%2Fy', '/x%2Fy'],
    ['/a/b', '/a%2Fb/c', '/c'],
    ['/api', '/api/..b/c', '/..b/c'],
    ['/', '/x', '/x'],
    ['', '/x', '/x'],
  ])('"%s" turns %s into "%s" and tells the prefix', async (prefix, path, expected) => {
    const { received } = await strip({ prefixes: [prefix] }, path)
    // Fields are one char per byte.
    const told = Buffer.from(prefix).toString('latin1')
    expect(received).toMatchObject({ path: expected, query: 'q=1', headers: ['X-Forwarded-Prefix', told] })
  })

  test.each([
    ['/stat/', '/status'],
    ['/stat', '/Stat'],
    ['/stat', '/'],
    ['/a%2Fb', '/a%2Fb'],
  ])('"%s" lets %s pass unchanged', async (prefix, path) => {
    const { received } = await strip({ prefixes: [prefix] }, path)
    expect(received).toMatchObject({ path, headers: [] })
  })

  test('takes the first prefix that fits, not the longest, and trims spaces', async () => {
    const { received } = await strip({ prefixes: ['/none', ' /stat ', '/stat/us'] }, '/stat/us')
    expect(received).toMatchObject({ path: '/us', headers: ['X-Forwarded-Prefix', '/stat'] })
  })

  test('adds its prefix to one that is there', async () => {
    const { received } = await strip({ prefixes: '/a,/b' }, '/b/x', ['X-Forwarded-Prefix', '/earlier'])
    expect(received!.headers).toEqual(['X-Forwarded-Prefix', '/earlier', 'X-Forwarded-Prefix', '/b'])
  })

  test.each([
    ['/api', '/api../foo'],
    ['/api', '/api./foo'],
    ['/api', '/api//x'],
    ['/api', '/api/a//b'],
    ['/api', '/api/../x'],
    ['/api', '/api%2F../x'],
    ['/api', '/api%2F/x'],
  ])('"%s" refuses %s, which would leave a path that is not clean', async (prefix, path) => {
    const { received, response } = await strip({ prefixes: [prefix] }, path)
    expect(received).toBeUndefined()
    expect(response.status).toBe(400)
    expect(await readText(response.body)).toBe('Bad Request\n')
  })

  test.each([
    ['/stat', '/'],
    ['/stat/', '/'],
    ['/status', '/us'],
  ])('with forceSlash turns %s into %s', async (path, expected) => {
    const { received } = await strip({ prefixes: ['/stat'], forceSlash: true }, path)
    expect(received!.path).toBe(expected)
  })
})
