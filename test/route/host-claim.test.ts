import { describe, expect, test } from 'bun:test'
import { hostClaim, restOfRule } from '../../src/route/host-claim.ts'
import { matchersOf } from '../../src/route/rule.ts'
import { httpRule } from './rules.ts'

describe('hostClaim', () => {
  test.each([
    ['Host(`A.org.`)', ['a.org']],
    ['Host(`*.a.org`)', ['*.a.org']],
    ['Host(`*`)', undefined],
    ['PathPrefix(`/`)', undefined],
    ['HostRegexp(`a`)', undefined],
    ['Host(`a`) && PathPrefix(`/`)', ['a']],
    ['Host(`a`) || Host(`b`)', ['a', 'b']],
    ['Host(`a`) || PathPrefix(`/`)', undefined],
    ['(Host(`a`) || Host(`b`)) && Host(`c`)', ['c']],
    ['Host(`a`) && Path(`/x`) || Host(`b`) && Path(`/y`)', ['a', 'b']],
    ['!Host(`a`)', undefined],
    ['!(Host(`a`) && Path(`/`))', undefined],
    ['!(!Host(`a`) || Path(`/`))', ['a']],
    ['!(!Host(`a`) && !Host(`b`))', ['a', 'b']],
    ['!!Host(`a`)', ['a']],
  ])('of %s is %j', (rule, expected) => {
    expect(hostClaim(httpRule(rule).tree)).toEqual(expected as string[])
  })
})

describe('restOfRule', () => {
  test.each([
    ['Host(`a`)', []],
    ['Host(`a`) || Host(`b`)', []],
    ['Host(`a`) && Path(`/`)', ['Path']],
    ['Host(`a`) && Path(`/`) && Method(`GET`)', ['Path', 'Method']],
    ['Host(`b`) && Path(`/`)', ['Host', 'Path']],
    ['Host(`a`) || Path(`/`)', []],
    ['(Host(`a`) || Path(`/`)) && Method(`GET`)', ['Method']],
    ['Host(`a`) && Path(`/x`) || Host(`b`) && Path(`/y`)', ['Host', 'Path', 'Host', 'Path']],
    ['!Host(`a`)', ['Host']],
  ])('of %s, when the host is a, asks %j', (rule, expected) => {
    const rest = restOfRule(httpRule(rule).tree, 'a')
    expect(rest === undefined ? [] : matchersOf(rest).map(({ name }) => name)).toEqual(expected)
  })
})
