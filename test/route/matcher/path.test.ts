import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('Path', () => {
  test.each([
    ['Path(`/a`)', '/a', true],
    ['Path(`/a`)', '/a/', false],
    ['Path(`/a/`)', '/a', false],
    ['Path(`/a`)', '/A', false],
    ['Path(`/a b`)', '/a%20b', true],
    ['Path(`/a/b`)', '/a%2Fb', false],
    ['Path(`/a%2Fb`)', '/a%2Fb', true],
    ['Path(`/a%2fb`)', '/a%2Fb', false],
    ['Path(`/é`)', '/%C3%A9', true],
    ['Path(`/%20`)', '/%20', false],
    ['Path(`/b`)', '/a/../b', false],
  ])('%s for the path %s: %p', (rule, path, expected) => {
    expect(httpRule(rule).test(requestTo('a', { path }))).toBe(expected)
  })

  test('does not see the query', () => {
    expect(httpRule('Path(`/a`)').test(requestTo('a', { path: '/a', query: 'x=1' }))).toBe(true)
  })

  test('decodes anew for each path', () => {
    const rule = httpRule('Path(`/a b`)')
    const paths = ['/a%20b', '/a%20c', '/a%20b', '/a b']
    expect(paths.map((path) => rule.test(requestTo('a', { path })))).toEqual([true, false, true, true])
  })

  test('refuses a path that does not start with a slash', () => {
    expect(httpErrors('Path(`a`)')).toEqual(['5+3: Path: the path "a" does not start with /'])
  })
})
