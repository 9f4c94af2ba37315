import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('QueryRegexp', () => {
  test.each([
    ['QueryRegexp(`q`)', 'q', true],
    ['QueryRegexp(`q`)', 'q=1', false],
    ['QueryRegexp(`q`, `^(yes|no)$`)', 'q=no', true],
    ['QueryRegexp(`q`, `^(yes|no)$`)', 'q=nope', false],
    ['QueryRegexp(`q`, `b`)', 'q=a&q=abc', true],
    ['QueryRegexp(`q`, `^a b$`)', 'q=a+b', true],
    ['QueryRegexp(`q`, `.*`)', 'r=1', false],
  ])('%s with the query %j: %p', (rule, query, expected) => {
    expect(httpRule(rule).test(requestTo('a', { query }))).toBe(expected)
  })

  test('refuses a bad expression where it is bad', () => {
    expect(httpErrors('QueryRegexp(`q`, `a)`)')).toEqual(['19+1: QueryRegexp: bad regular expression: unexpected )'])
  })
})
