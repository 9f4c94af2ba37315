import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('PathPrefix', () => {
  test.each([
    ['PathPrefix(`/api`)', '/api', true],
    ['PathPrefix(`/api`)', '/api/v1', true],
    ['PathPrefix(`/api`)', '/apiary', true],
    ['PathPrefix(`/api`)', '/API', false],
    ['PathPrefix(`/api/`)', '/api', false],
    ['PathPrefix(`/a/b`)', '/a%2Fb/c', false],
    ['PathPrefix(`/a%2Fb`)', '/a%2Fb/c', true],
    ['PathPrefix(`/a b`)', '/a%20bc', true],
    ['PathPrefix(`/`)', '/', true],
    ['PathPrefix(`/`)', '*', false],
  ])('%s for the path %s: %p', (rule, path, expected) => {
    expect(httpRule(rule).test(requestTo('a', { path }))).toBe(expected)
  })

  test('refuses a prefix that does not start with a slash', () => {
    expect(httpErrors('PathPrefix(`api`)')).toEqual(['11+5: PathPrefix: the path "api" does not start with /'])
  })
})
