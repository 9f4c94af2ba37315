import { describe, expect, test } from 'bun:test'
import { addPrefix } from '../../src/middleware/add-prefix.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass } from '../support/request.ts'

describe('addPrefix', () => {
  test.each([
    ['foo', '/x', '/foo/x'],
    ['/foo', '/x', '/foo/x'],
    ['/foo/', '/x', '/foo//x'],
    ['/foo', '', '/foo'],
    ['/foo', '/a%2Fb', '/foo/a%2Fb'],
    ['/f o%', '/x', '/f%20o%25/x'],
    ['/é', "/it's(x)", "/%C3%A9/it's(x)"],
  ])('"%s" turns %s into %s', async (prefix, path, expected) => {
    const request = makeRequest({ path, query: 'q=1' })
    const { received } = await pass(buildMiddleware(addPrefix, { prefix }), request)
    expect(received).toEqual({ ...request, path: expected })
  })

  test.each([[{ prefix: '' }], [{ other: 'x' }]])('refuses %o', (options) => {
    expect(problemsOf(addPrefix, options).join()).toContain('prefix')
  })
})
