import { describe, expect, test } from 'bun:test'
import { wrr } from '../../../src/service/strategy/wrr.ts'
import { candidatesOf } from './candidates.ts'

describe('wrr', () => {
  test('interleaves by weight, whoever asks', () => {
    const choose = wrr.build(candidatesOf({ a: 3, b: 1 }))
    expect(Array.from({ length: 8 }, () => choose('10.0.0.1')?.name).join('')).toMatch(/^(aaba|abaa|aaab|baaa){2}$/)
  })
})
