import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('HeaderRegexp', () => {
  test.each([
    ['HeaderRegexp(`Content-Type`, `^application/(json|yaml)$`)', ['Content-Type', 'application/json'], true],
    ['HeaderRegexp(`Content-Type`, `^application/(json|yaml)$`)', ['content-type', 'text/plain'], false],
    ['HeaderRegexp(`X-K`, `b`)', ['X-K', 'a', 'X-K', 'abc'], true],
    ['HeaderRegexp(`User-Agent`, `(?i)bot`)', ['User-Agent', 'GoogleBot/2.1'], true],
    ['HeaderRegexp(`X-K`, `^.$`)', ['X-K', '\xc3\xa9'], true],
    ['HeaderRegexp(`X-K`, `.*`)', [], false],
  ])('%s with %j: %p', (rule, headers, expected) => {
    expect(httpRule(rule).test(requestTo('a', { headers }))).toBe(expected)
  })

  test('refuses a bad expression where it is bad', () => {
    expect(httpErrors('HeaderRegexp(`X`, `a**`)')).toEqual([
      '20+1: HeaderRegexp: bad regular expression: invalid nested repetition operator: **',
    ])
  })
})
