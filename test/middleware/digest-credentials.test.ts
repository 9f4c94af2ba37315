import { describe, expect, test } from 'bun:test'
import { parseDigest } from '../../src/middleware/digest-credentials.ts'

const whole =
  'username="ada", realm="r", nonce="n,1", uri="/a?b=\\"c\\"", algorithm=MD5, qop=auth, nc=0000000a, cnonce="c", response="5"'

describe('parseDigest', () => {
  test('reads tokens and quoted strings', () => {
    expect(parseDigest(`Digest ${whole}`)).toEqual({
      username: 'ada',
      nonce: 'n,1',
      uri: '/a?b="c"',
      cnonce: 'c',
      nc: '0000000a',
      nonceCount: 10,
      response: '5',
    })
  })

  test.each([
    ['no spaces', `dIgest ${whole.replaceAll(', ', ',')}`],
    ['quoted tokens', `Digest ${whole.replace('qop=auth', 'qop="auth"').replace('MD5', '"md5"')}`],
    ['no algorithm', `Digest ${whole.replace('algorithm=MD5, ', '')}`],
    ['more parameters', `Digest ${whole}, opaque="o", extra=1`],
  ])('takes %s', (_, authorization) => {
    expect(parseDigest(authorization)?.username).toBe('ada')
  })

  test.each([
    ['nothing', undefined],
    ['another scheme', 'Basic YTpi'],
    ['no parameters', 'Digest '],
    ...['username', 'nonce', 'uri', 'nc', 'cnonce', 'response', 'qop'].map(
      (name) =>
        [
          `no ${name}`,
          `Digest ${whole.replace(new RegExp(`(^|, )${name}=("[^"]*(\\\\"[^"]*)*"|[^,]*)`), '')}`,
        ] as const,
    ),
    ['another algorithm', `Digest ${whole.replace('MD5', 'SHA-256')}`],
    ['qop=auth-int', `Digest ${whole.replace('qop=auth', 'qop=auth-int')}`],
    ['a count that is no number', `Digest ${whole.replace('0000000a', 'x')}`],
    ['a parameter twice', `Digest ${whole}, username="eve"`],
    ['an open quote', `Digest ${whole}, opaque="o`],
    ['what is no list', `Digest ${whole} nonsense`],
  ])('refuses %s', (_, authorization) => {
    expect(parseDigest(authorization)).toBeUndefined()
  })
})
