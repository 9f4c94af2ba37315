import { describe, expect, test } from 'bun:test'
import { httpErrors, httpRule, requestTo } from '../rules.ts'

describe('Host', () => {
  test.each([
    ['Host(`example.com`)', 'example.com', true],
    ['Host(`Example.COM`)', 'example.com', true],
    ['Host(`example.com`)', 'example.org', false],
    ['Host(`example.com`)', 'a.example.com', false],
    ['Host(`example.com`)', 'example.com.', true],
    ['Host(`example.com.`)', 'example.com', true],
    ['Host(`example.com.`)', 'example.com.', true],
    ['Host(`example.com`)', 'example.comx', false],
    ['Host(`*.example.com`)', 'a.example.com', true],
    ['Host(`*.example.com`)', 'a.example.com.', true],
    ['Host(`*.example.com.`)', 'a.example.com', true],
    ['Host(`*.Example.com`)', 'a.example.com', true],
    ['Host(`*.example.com`)', 'example.com', false],
    ['Host(`*.example.com`)', 'a.b.example.com', false],
    ['Host(`*.example.com`)', 'a.example.comx', false],
    ['Host(`*.example.com`)', 'xexample.com', false],
    ['Host(`*example.com`)', 'aexample.com', false],
    ['Host(`*`)', 'example.com', true],
    ['Host(`*`)', '', true],
    ['Host(`example.com`)', '', false],
    ['Host(`.`)', '', false],
    ['Host(`*.`)', '', false],
    ['Host(`::1`)', '::1', true],
    ['!Host(`a`) && PathPrefix(`/`)', 'b', true],
    ['!Host(`a`) && PathPrefix(`/`)', 'a', false],
  ])('%s for the host %j: %p', (rule, host, expected) => {
    expect(httpRule(rule).test(requestTo(host))).toBe(expected)
  })

  test('refuses what is not ASCII and tells the punycode', () => {
    expect(httpErrors('Host(`exämple.org`)')).toEqual([
      '8+1: Host: "exämple.org" is not ASCII (write it in punycode: xn--exmple-cua.org)',
    ])
  })
})
