import { describe, expect, test } from 'bun:test'
import { decideFraming, hasNoBody, parseContentLength, type Framing } from '../../src/http1/framing.ts'

type Row = readonly [status: number, method: string, cl: string | undefined, te: string | undefined, framing: Framing]

describe('decideFraming', () => {
  test.each([
    [undefined, undefined, { kind: 'none' }],
    ['0', undefined, { kind: 'length', bytes: 0 }],
    ['12', undefined, { kind: 'length', bytes: 12 }],
    [undefined, 'chunked', { kind: 'chunked' }],
    [undefined, 'Chunked', { kind: 'chunked' }],
  ] as const)('frames a request with Content-Length %p and Transfer-Encoding %p', (cl, te, framing) => {
    expect(decideFraming({ contentLength: cl, transferEncoding: te }, '1.1')).toEqual(framing)
  })

  test.each<Row>([
    [200, 'GET', undefined, undefined, { kind: 'until-close' }],
    [200, 'GET', '5', undefined, { kind: 'length', bytes: 5 }],
    [200, 'POST', undefined, 'chunked', { kind: 'chunked' }],
    [200, 'HEAD', '5', undefined, { kind: 'none' }],
    [200, 'HEAD', undefined, 'chunked', { kind: 'none' }],
    [200, 'HEAD', undefined, undefined, { kind: 'none' }],
    [404, 'HEAD', '5', undefined, { kind: 'none' }],
    [204, 'GET', '5', undefined, { kind: 'none' }],
    [304, 'GET', '5', undefined, { kind: 'none' }],
    [304, 'GET', undefined, 'chunked', { kind: 'none' }],
    [100, 'POST', undefined, undefined, { kind: 'none' }],
    [101, 'GET', undefined, undefined, { kind: 'none' }],
    [103, 'GET', undefined, undefined, { kind: 'none' }],
    [205, 'GET', undefined, undefined, { kind: 'until-close' }],
    [200, 'CONNECT', '5', undefined, { kind: 'none' }],
    [299, 'CONNECT', undefined, undefined, { kind: 'none' }],
    [407, 'CONNECT', '5', undefined, { kind: 'length', bytes: 5 }],
  ])(
    'frames a %d answer to %s with Content-Length %p and Transfer-Encoding %p',
    (status, requestMethod, cl, te, framing) => {
      const fields = { contentLength: cl, transferEncoding: te }
      expect(decideFraming(fields, '1.1', { status, requestMethod })).toEqual(framing)
    },
  )

  test.each([
    ['1.1', '5', 'chunked', 'malformed'],
    ['1.0', undefined, 'chunked', 'malformed'],
    ['1.0', '5', 'chunked', 'malformed'],
    ['1.1', '5, 5', undefined, 'malformed'],
    ['1.1', '', undefined, 'malformed'],
    ['1.1', undefined, '', 'malformed'],
    ['1.1', undefined, 'chunked, chunked', 'malformed'],
    ['1.1', undefined, 'chunked, gzip', 'malformed'],
    ['1.1', undefined, 'chunked;a=b', 'malformed'],
    ['1.1', undefined, 'gzip, , chunked', 'malformed'],
    ['1.1', undefined, 'gzip, chunked', 'unsupported'],
    ['1.1', undefined, 'gzip;q=1, chunked', 'unsupported'],
    ['1.1', undefined, 'identity', 'unsupported'],
  ] as const)('refuses HTTP/%s with Content-Length %p and Transfer-Encoding %p', (version, cl, te, reason) => {
    const fields = { contentLength: cl, transferEncoding: te }
    expect(decideFraming(fields, version)).toMatchObject({ kind: 'bad', reason })
    expect(decideFraming(fields, version, { status: 200, requestMethod: 'GET' })).toMatchObject({ kind: 'bad', reason })
    // A fault stays one where no body would follow: the next reader may not know what was asked.
    expect(decideFraming(fields, version, { status: 304, requestMethod: 'HEAD' })).toMatchObject({ kind: 'bad' })
  })
})

describe('hasNoBody', () => {
  test.each([
    [200, 'GET', false],
    [200, 'HEAD', true],
    [204, 'GET', true],
    [304, 'GET', true],
    [199, 'GET', true],
    [200, 'head', false],
  ])('knows a %d answer to %s', (status, requestMethod, expected) => {
    expect(hasNoBody({ status, requestMethod })).toBe(expected)
  })
})

describe('parseContentLength', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', undefined],
    ['99999999999999999999999', undefined],
    ['9'.repeat(5000), undefined],
    ['', undefined],
    [' 5', undefined],
    ['5 ', undefined],
    ['+5', undefined],
    ['-5', undefined],
    ['0x5', undefined],
    ['5.0', undefined],
    ['5,5', undefined],
    ['٥', undefined],
  ])('reads %j as %p', (text, length) => {
    expect(parseContentLength(text)).toBe(length!)
  })
})
