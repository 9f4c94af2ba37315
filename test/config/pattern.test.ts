import { describe, expect, test } from 'bun:test'
import { goPattern, type Pattern } from '../../src/config/pattern.ts'

function pattern(source: string): Pattern {
  const parsing = goPattern(source)
  if (!parsing.ok) throw new Error(parsing.message)
  return parsing.pattern
}

describe('goPattern', () => {
  test.each([
    ['a(b', 'missing closing )', 1],
    ['(a)[(](b', 'missing closing )', 6],
    ['\\((a', 'missing closing )', 2],
    ['\\Q(\\E(a', 'missing closing )', 5],
    ['a)b', 'unexpected )', 1],
    ['(a))b)', 'unexpected )', 3],
    ['é[a', 'missing closing ]: [a', 1],
    ['[*]a**', 'invalid nested repetition operator: **', 4],
    ['a*b+*', 'invalid nested repetition operator: +*', 3],
    ['\\*|*a', 'missing argument to repetition operator: *', 3],
    ['x(?=a)', 'invalid or unsupported Perl syntax: (?=', 1],
    ['x(?<!a)', 'invalid named capture: (?<!a)', 1],
    ['(a)\\1', 'invalid escape sequence: \\1', 3],
    ['a\\', 'trailing backslash at end of expression', 1],
    ['a{2,1}', 'invalid repeat count: {2,1}', 1],
    ['[b-a]', 'invalid character class range: b-a', 1],
    ['(?P<n>a)(?P<n>b)', 'duplicate capture group name: n', 12],
    ['a\\pX', 'invalid character class range: \\pX', 1],
  ])('refuses %s: %s at %d', (source, message, offset) => {
    expect(goPattern(source)).toEqual({ ok: false, message, offset })
  })

  test.each([
    ['example', 'my-example.org', true],
    ['^Example', 'example', false],
    ['(?i)^Example', 'example', true],
    ['a.c$', 'xxabc', true],
    ['a.c$', 'abc\n', false],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['^.$', '😀', true],
    ['\\pL', 'é', true],
    ['[[:digit:]]', 'a1', true],
    ['^a\\z', 'a', true],
    ['', '', true],
    ['^$', 'a', false],
  ])('%s on %j matches: %p', (source, text, expected) => {
    expect(pattern(source).matches(text)).toBe(expected)
  })

  test.each([
    ['(a+)+$', `${'a'.repeat(40)}b`],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(60)],
    ['(x+x+)+y', 'x'.repeat(60)],
  ])('%s ends on a text that makes a backtracking engine hang', (source, text) => {
    expect(pattern(source).matches(text)).toBe(false)
  })
})

describe('Pattern.find', () => {
  test.each([
    ['b+', 'abbc', { start: 1, end: 3 }],
    ['b', 'ab', { start: 1, end: 2 }],
    ['', 'ab', { start: 0, end: 0 }],
    ['x', 'ab', undefined],
    ['a|ab', 'ab', { start: 0, end: 1 }],
  ])('of %j in %j gives %j', (source, text, expected) => {
    expect(pattern(source).find(text)).toEqual(expected)
  })
})

describe('Pattern.replaceAll', () => {
  // Every expected text was printed by Go's regexp package.
  test.each([
    ['$1x', 'xy'],
    ['${1}x', 'xaxaxy'],
    ['$n', 'xaay'],
    ['${n}', 'xaay'],
    ['$$', 'x$$y'],
    ['$', 'x$$y'],
    ['$-', 'x$-$-y'],
    ['${', 'x${${y'],
    ['${}', 'x${}${}y'],
    ['${a-b}', 'x${a-b}${a-b}y'],
    ['$01', 'xy'],
    ['$9', 'xy'],
    ['$é', 'xy'],
    ['${n', 'x${n${ny'],
    ['$1$2$n$0', 'xaaaaaay'],
    ['$$1', 'x$1$1y'],
    ['$toString', 'xy'],
  ])('expands %s as Go does', (template, expected) => {
    expect(pattern('(?P<n>a)(b)?').replaceAll('xaay', template)).toBe(expected)
  })

  test.each([
    ['a*', 'baaac', '-b-c-'],
    ['x*', 'abc', '-a-b-c-'],
    ['', 'ab', '-a-b-'],
    ['^', 'ab', '-ab'],
    ['$', 'ab', 'ab-'],
    ['a?', 'ba', '-b-'],
    ['b*', 'é😀', '-é-😀-'],
    ['a', 'banana', 'b-n-n-'],
    ['^a', 'aaa', '-aa'],
    ['q', 'abc', 'abc'],
  ])('replaces the matches of %j in %j as Go does', (source, text, expected) => {
    expect(pattern(source).replaceAll(text, '-')).toBe(expected)
  })

  test.each([
    ['^http://localhost/(.*)', 'http://localhost/a/b', 'http://mydomain/${1}', 'http://mydomain/a/b'],
    ['^https?://(?P<host>[^/]+)/(.*)$', 'http://a.org/x', 'https://$host/v1/$2', 'https://a.org/v1/x'],
    ['(?i)^/FOO/(.*)', '/foo/x', '/bar/$1', '/bar/x'],
  ])('rewrites by %s', (source, text, template, expected) => {
    expect(pattern(source).replaceAll(text, template)).toBe(expected)
  })
})
