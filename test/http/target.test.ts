import { describe, expect, test } from 'bun:test'
import {
  decodedPath,
  denyEncodedCharacters,
  encodedLength,
  escapePath,
  forwardedQuery,
  normalisePath,
  pathBytes,
  routingPath,
  sanitisePath,
  withEncodedSemicolons,
  type EncodedCharacters,
} from '../../src/http/target.ts'

describe('normalisePath', () => {
  test.each([
    ['/plain/path', '/plain/path'],
    ['/%41%42%7a%2D%2e%5F%7E%39', '/ABz-._~9'],
    ['/a%2fb%c3%a9', '/a%2Fb%C3%A9'],
    ['/a%2Fb', '/a%2Fb'],
    ['/%252e', '/%252e'],
    ['%41', 'A'],
    ['/%41%2f%41x%20', '/A%2FAx%20'],
  ])('turns %s into %s', (path, expected) => {
    expect(normalisePath(path)).toBe(expected)
  })

  test.each(['/%', '/%4', '/a%zz', '/%4G', '/%%41', '/%-1'])('refuses %s', (path) => {
    expect(normalisePath(path)).toBeUndefined()
  })
})

describe('sanitisePath', () => {
  test.each([
    ['', '/'],
    ['/', '/'],
    ['*', '*'],
    ['/a/../b', '/b'],
    ['/a/..%2Fb', '/a/..%2Fb'],
    ['//a///b/', '/a/b/'],
    ['/../../x', '/x'],
    ['/a/b/..', '/a'],
    ['/a/b/../', '/a/'],
    ['/a/.', '/a'],
    ['/a/./', '/a/'],
    ['/..', '/'],
    ['/a/..', '/'],
    ['//', '/'],
    ['/a/%252E%252E/b', '/a/%252E%252E/b'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a/...', '/a/...'],
    ['/a/..b/c', '/a/..b/c'],
  ])('turns "%s" into "%s"', (path, expected) => {
    expect(sanitisePath(path)).toBe(expected)
  })
})

describe('normalisePath and then sanitisePath', () => {
  test.each([
    ['/a/%2e%2e/b', '/b', '/a/../b'],
    ['/a/..%2fb', '/a/..%2Fb', '/a/..%2Fb'],
    ['/a/%252E%252E/b', '/a/%252E%252E/b', '/a/%252E%252E/b'],
    ['/a/../b/%41%42//%2f/', '/b/AB/%2F/', '/a/../b/AB//%2F/'],
  ])('turn %s into %s, or %s without sanitising', (path, sanitised, normalised) => {
    expect(normalisePath(path)).toBe(normalised)
    expect(sanitisePath(normalised)).toBe(sanitised)
  })
})

describe('routingPath', () => {
  test.each([
    ['/a%20b', '/a b'],
    ['/a%2Fb', '/a%2Fb'],
    [
      '/%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25',
      '/%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25',
    ],
    ['/%C3%A9%22', '/é"'],
    [pathBytes('/é'), '/é'],
    ['/%252E', '/%252E'],
    ['/%FF', '/\ufffd'],
  ])('turns %s into %s', (path, expected) => {
    expect(routingPath(path)).toBe(expected)
  })
})

describe('the decoded form', () => {
  test.each([
    ['/ap%69/a%2Fb', '/api/a/b'],
    ['/%C3%A9', pathBytes('/é')],
    ['/%25%32%30', '/%20'],
  ])('of %s is %s', (path, expected) => {
    expect(decodedPath(path)).toBe(expected)
  })

  test.each([
    ['/ap%69/a%2Fb', 5, 7],
    ['/abc', 2, 2],
    ['/%C3%A9x', 3, 7],
    ['/x', 0, 0],
  ])('of %s has its first %i bytes in the first %i chars', (path, count, expected) => {
    expect(encodedLength(path, count)).toBe(expected)
  })
})

describe('escapePath', () => {
  test.each([
    ['/a b', '/a%20b'],
    ['/a%2Fb', '/a%252Fb'],
    ['/$&+,/:;=@-._~', '/$&+,/:;=@-._~'],
    ["/!'()*[]", '/%21%27%28%29%2A%5B%5D'],
    ['/é?\t', '/%C3%A9%3F%09'],
  ])('turns %s into %s', (text, expected) => {
    expect(escapePath(text)).toBe(expected)
  })
})

const allowAll: EncodedCharacters = {
  allowEncodedSlash: true,
  allowEncodedBackSlash: true,
  allowEncodedNullCharacter: true,
  allowEncodedSemicolon: true,
  allowEncodedPercent: true,
  allowEncodedQuestionMark: true,
  allowEncodedHash: true,
}

describe('denyEncodedCharacters', () => {
  test.each([
    ['allowEncodedSlash', '/a%2Fb'],
    ['allowEncodedSlash', '/a%2fb'],
    ['allowEncodedBackSlash', '/a%5Cb'],
    ['allowEncodedNullCharacter', '/a%00b'],
    ['allowEncodedSemicolon', '/a%3Bb'],
    ['allowEncodedPercent', '/a%25b'],
    ['allowEncodedQuestionMark', '/a%3Fb'],
    ['allowEncodedHash', '/a%23b'],
  ] as const)('without %s denies %s and nothing else', (key, path) => {
    const others = Object.fromEntries(
      Object.keys(allowAll).map((other) => [other, other === key]),
    ) as unknown as EncodedCharacters
    expect(denyEncodedCharacters({ ...allowAll, [key]: false })(path)).toBe(true)
    expect(denyEncodedCharacters(others)(path)).toBe(false)
    expect(denyEncodedCharacters({ ...allowAll, [key]: false })('/a/b%20c')).toBe(false)
  })

  test('with everything allowed denies nothing', () => {
    expect(denyEncodedCharacters(allowAll)('/%2F%5C%00%3B%25%3F%23')).toBe(false)
  })
})

describe('semicolons of a query', () => {
  test('are encoded as part of a value', () => {
    expect(withEncodedSemicolons('a=1;b=2')).toBe('a=1%3Bb=2')
    expect(withEncodedSemicolons(undefined)).toBeUndefined()
  })

  test('go to the upstream as the separators that rules took them for', () => {
    expect(forwardedQuery('a=1;b=2')).toBe('a=1&b=2')
    expect(forwardedQuery('')).toBe('')
    expect(forwardedQuery(undefined)).toBeUndefined()
  })
})
