import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('Query', () => {
  test.each([
    ['Query(`q`)', 'q', true],
    ['Query(`q`)', 'q=', true],
    ['Query(`q`)', 'q=1', false],
    ['Query(`q`)', undefined, false],
    ['Query(`q`, `1`)', 'q=2&q=1', true],
    ['Query(`q`, `1`)', 'Q=1', false],
    ['Query(`q`, `1`)', 'a=2;q=1', true],
    ['Query(`q`, `1`)', 'a=2%3Bq=1', false],
    ['Query(`q`, `a b`)', 'q=a+b', true],
    ['Query(`q`, `a b`)', 'q=a%20b', true],
    ['Query(`q`, `a+b`)', 'q=a%2Bb', true],
    ['Query(`q`, `é`)', 'q=%c3%a9', true],
    ['Query(`q`, `é`)', 'q=\xc3\xa9', true],
    ['Query(`q`, `a=b`)', 'q=a=b', true],
    ['Query(`q é`, `1`)', 'q+%C3%A9=1', true],
    ['Query(`q`, `1%`)', 'q=1%', false],
    ['Query(`q`, `1`)', 'q=%zz&q=1', true],
    ['Query(`q`, `1`)', '&&q=1&', true],
    ['Query(`q`, `1`)', '', false],
  ])('%s with the query %j: %p', (rule, query, expected) => {
    expect(httpRule(rule).test(requestTo('a', { query }))).toBe(expected)
  })

  test.each([
    ['Query()', '0+7: Query takes 1 or 2 arguments, not 0: Query(key, value?)'],
    ['Query(`a`, `b`, `c`)', '0+20: Query takes 1 or 2 arguments, not 3: Query(key, value?)'],
    ['Query(`a`, ``)', '11+2: Query: the value must not be empty'],
  ])('refuses %s', (rule, expected) => {
    expect(httpErrors(rule)).toEqual([expected])
  })
})
