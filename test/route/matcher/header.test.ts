import { describe, expect, test } from 'bun:test'
import { bytesBody, emptyBody } from '../../../src/http/body.ts'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('Header', () => {
  test.each([
    ['Header(`x-k`, `v`)', ['X-K', 'a', 'X-K', 'v'], true],
    ['Header(`x-k`, `v`)', ['X-K', 'a, v'], false],
    ['Header(`X-K`, `v`)', ['x-k', 'v'], true],
    ['Header(`X-K`, `v`)', ['X-K', 'V'], false],
    ['Header(`X-K`, `v`)', ['X-Kk', 'v'], false],
    ['Header(`X-K`, `v`)', [], false],
    ['Header(`X-K`, `é`)', ['X-K', '\xc3\xa9'], true],
    ['Header(`X-K`, `é`)', ['X-K', 'é'], false],
  ])('%s with %j: %p', (rule, headers, expected) => {
    expect(httpRule(rule).test(requestTo('a', { headers }))).toBe(expected)
  })

  test.each([
    [3, true],
    [4, false],
  ])('sees the Content-Length that a body of %d bytes had: %p', (length, expected) => {
    const body = bytesBody(new Uint8Array(length))
    expect(httpRule('Header(`Content-Length`, `3`)').test(requestTo('a', { body }))).toBe(expected)
  })

  test('sees no Content-Length where there is no body', () => {
    expect(httpRule('HeaderRegexp(`Content-Length`, `.*`)').test(requestTo('a', { body: emptyBody }))).toBe(false)
  })

  test.each([
    ['Header(`a`)', '0+11: Header takes 2 arguments, not 1: Header(name, value)'],
    ['Header(`a`, ``)', '12+2: Header: the value must not be empty'],
    ['Header(``, `b`)', '7+2: Header: the name must not be empty'],
  ])('refuses %s', (rule, expected) => {
    expect(httpErrors(rule)).toEqual([expected])
  })
})
