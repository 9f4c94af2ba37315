import { describe, expect, test } from 'bun:test'
import { httpRule, requestTo } from '../rules.ts'

describe('Method', () => {
  test.each([
    ['Method(`GET`)', 'GET', true],
    ['Method(`get`)', 'GET', true],
    ['Method(`GET`)', 'get', false],
    ['Method(`GET`)', 'POST', false],
    ['Method(`purge`)', 'PURGE', true],
  ])('%s for %s: %p', (rule, method, expected) => {
    expect(httpRule(rule).test(requestTo('a', { method }))).toBe(expected)
  })
})
