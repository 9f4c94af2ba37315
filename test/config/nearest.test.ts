import { describe, expect, test } from 'bun:test'
import { editDistance, nearest } from '../../src/config/nearest.ts'

describe('The edit distance', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['rule', 'rule', 0],
    ['rlue', 'rule', 1],
    ['rules', 'rule', 1],
    ['ruel', 'rule', 1],
    ['rile', 'rule', 1],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })
})

describe('The nearest name', () => {
  const names = ['entryPoints', 'providers', 'log', 'accessLog', 'tls']
  test.each([
    ['entrypoint', 'entryPoints'],
    ['ENTRYPIONTS', 'entryPoints'],
    ['provider', 'providers'],
    ['lgo', 'log'],
    ['acceslog', 'accessLog'],
    ['tsl', 'tls'],
    ['ab', undefined],
    ['x', undefined],
    ['middlewares', undefined],
  ])('to %j is %p', (name, expected) => {
    expect(nearest(name, names)).toBe(expected)
  })
})
