import { describe, expect, test } from 'bun:test'
import { RE2JS } from 're2js'
import { linearRegExp } from '../../src/config/linear-regexp.ts'

describe('linearRegExp', () => {
  test.each([
    '^/api',
    'example',
    '^[a-z0-9-]+\\.example\\.com$',
    '^/api/v[0-9]+/(users|groups)/(.*)$',
    '^https?://(?P<host>[^/]+)/(.*)',
    '^(?:www\\.)a\\.org$',
    '^\\d{4}-\\d{2}$',
    '[^]a]b',
    'a-?b',
    '^\\s*x',
    '^a*?b',
    '',
  ])('translates %s', (source) => {
    expect(linearRegExp(source)).toBeInstanceOf(RegExp)
  })

  test.each([
    ['a+', 'is not anchored'],
    ['(a+)+$', 'nests quantifiers'],
    ['^(a|b)*c', 'repeats a group'],
    ['^a*a*b', 'has neighbours that match the same'],
    ['^.*/x.*y', 'has a run that its successor is part of'],
    ['^a?b*c?', 'has optional neighbours'],
    ['^(ab|ac)', 'has alternatives with one beginning'],
    ['^(a|b?)c', 'has a quantifier in an alternative'],
    ['^(|a)', 'has an empty alternative'],
    ['a|b', 'has alternatives at the top'],
    ['(?i)abc', 'folds case'],
    ['^a{2,3}', 'counts within limits'],
    ['^a{,3}', 'has a brace that is no count'],
    ['\\bfoo', 'asserts a word boundary'],
    ['\\pL', 'names a Unicode class'],
    ['[[:alpha:]]', 'names a POSIX class'],
    ['\\Qa.b\\E', 'quotes'],
    ['é', 'is not ASCII'],
    ['a^b', 'has an anchor inside'],
    ['a$b', 'has an end inside'],
  ])('leaves %s to re2, because it %s', (source) => {
    expect(linearRegExp(source)).toBeUndefined()
  })

  test('gives what re2 gives, on random patterns and texts', () => {
    let translated = 0
    const random = randomNumbers(7)
    for (let round = 0; round < 8_000; round++) {
      const source = randomPattern(random)
      const compiled = compileOrUndefined(source)
      const native = compiled && linearRegExp(source)
      if (compiled === undefined || native === undefined) continue
      translated++
      for (let texts = 0; texts < 4; texts++) {
        const text = pick(random, 9, ['a', 'b', 'é', '-', ']', '\n', '😀', '1'])
        expect([source, text, [...(native.exec(text) ?? [])]]).toEqual([source, text, [...(compiled.exec(text) ?? [])]])
      }
    }
    expect(translated).toBeGreaterThan(1_000)
  })
})

function compileOrUndefined(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source)
  } catch {
    return undefined
  }
}

function randomPattern(random: (below: number) => number): string {
  const pieces = [
    'a',
    'b',
    '-',
    '.',
    '[^a]',
    '[a-b]',
    '\\d',
    '[\\w-]',
    '\\]',
    '(',
    ')',
    '(?:',
    '|',
    '*',
    '+',
    '?',
    '*?',
    '{2}',
  ]
  return (random(3) > 0 ? '^' : '') + pick(random, 7, pieces) + (random(3) === 0 ? '$' : '')
}

function pick(random: (below: number) => number, most: number, pieces: readonly string[]): string {
  return Array.from({ length: random(most + 1) }, () => pieces[random(pieces.length)]).join('')
}

/** The same numbers in every run, so that a failure can be seen again. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
