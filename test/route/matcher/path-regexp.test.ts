import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('PathRegexp', () => {
  test.each([
    ['PathRegexp(`^/products/[0-9]+$`)', '/products/12', true],
    ['PathRegexp(`^/products/[0-9]+$`)', '/products/12/x', false],
    ['PathRegexp(`\\.(jpeg|jpg|png)$`)', '/a/b.png', true],
    ['PathRegexp(`b`)', '/abc', true],
    ['PathRegexp(`^/a.b$`)', '/a%20b', true],
    ['PathRegexp(`^/.$`)', '/%C3%A9', true],
    ['PathRegexp(`(?i)^/API`)', '/api', true],
  ])('%s for the path %s: %p', (rule, path, expected) => {
    expect(httpRule(rule).test(requestTo('a', { path }))).toBe(expected)
  })

  test('refuses a bad expression where it is bad', () => {
    expect(httpErrors('PathRegexp(`/a/[b`)')).toEqual([
      '15+1: PathRegexp: bad regular expression: missing closing ]: [b',
    ])
  })
})
