import { describe, expect, test } from 'bun:test'
import { createDecoder } from '../../src/http1/body-decoder.ts'
import { chunkHeader, lastChunk } from '../../src/http1/body-encoder.ts'
import type { Framing } from '../../src/http1/framing.ts'
import { everyCut, latin1 } from './every-cut.ts'
import { limits } from './read-requests.ts'

interface Decoded {
  readonly body: string
  /** What is left behind the body; undefined when the end was not found. */
  readonly rest: string | undefined
  readonly end: 'complete' | 'truncated' | 'bad'
  readonly trailers: readonly string[]
}

function decode(framing: Framing, pieces: readonly Buffer[]): Decoded {
  const decoder = createDecoder(framing, limits)
  const taken: string[] = []
  const sink = {
    push: (piece: Buffer) => {
      expect(piece.length).toBeGreaterThan(0)
      taken.push(piece.toString('latin1'))
    },
  }
  for (const [index, piece] of pieces.entries()) {
    const result = decoder.decode(piece, 0, sink)
    if (result.kind === 'bad') return { body: taken.join(''), rest: undefined, end: 'bad', trailers: [] }
    if (result.kind === 'more') continue
    const rest = Buffer.concat([piece.subarray(result.end), ...pieces.slice(index + 1)]).toString('latin1')
    return { body: taken.join(''), rest, end: decoder.finish(), trailers: decoder.trailers }
  }
  return { body: taken.join(''), rest: undefined, end: decoder.finish(), trailers: decoder.trailers }
}

function decodeEveryCut(framing: Framing, text: string): Decoded {
  const bytes = latin1(text)
  const whole = decode(framing, [bytes])
  for (const pieces of everyCut(bytes)) expect(decode(framing, pieces)).toEqual(whole)
  return whole
}

describe('a body of known length', () => {
  test('ends after its last byte', () => {
    const decoded = decodeEveryCut({ kind: 'length', bytes: 5 }, 'helloGET /')
    expect(decoded).toEqual({ body: 'hello', rest: 'GET /', end: 'complete', trailers: [] })
  })

  test('is truncated before', () => {
    expect(decodeEveryCut({ kind: 'length', bytes: 5 }, 'hell')).toMatchObject({ body: 'hell', end: 'truncated' })
  })

  test.each([{ kind: 'length', bytes: 0 }, { kind: 'none' }] as const)('of nothing ends at once: %j', (framing) => {
    expect(createDecoder(framing, limits).finish()).toBe('complete')
    expect(decodeEveryCut(framing, 'GET /')).toMatchObject({ body: '', rest: 'GET /', end: 'complete' })
  })

  test('is handed on without a copy', () => {
    const bytes = latin1('..hello..')
    const pieces: Buffer[] = []
    const sink = { push: (piece: Buffer) => void pieces.push(piece) }
    expect(createDecoder({ kind: 'length', bytes: 5 }, limits).decode(bytes, 2, sink)).toEqual({ kind: 'end', end: 7 })
    expect(pieces[0]?.buffer).toBe(bytes.buffer)
    expect(pieces[0]?.byteOffset).toBe(bytes.byteOffset + 2)
  })
})

describe('a body until close', () => {
  test('is complete whenever the peer ends', () => {
    const decoded = decodeEveryCut({ kind: 'until-close' }, 'hello')
    expect(decoded).toEqual({ body: 'hello', rest: undefined, end: 'complete', trailers: [] })
  })
})

describe('a chunked body', () => {
  const chunked: Framing = { kind: 'chunked' }

  test('ends after its trailer section', () => {
    const text = '5\r\nhello\r\n00a;x="\\"y"\r\n 0\r\n\r\nworl\r\n0\r\nA: b\r\na:  c \r\n\r\nGET /'
    expect(decodeEveryCut(chunked, text)).toEqual({
      body: 'hello 0\r\n\r\nworl',
      rest: 'GET /',
      end: 'complete',
      trailers: ['A', 'b', 'a', 'c'],
    })
  })

  test.each([
    '',
    '5',
    '5\r',
    '5\r\n',
    '5\r\nhel',
    '5\r\nhello',
    '5\r\nhello\r',
    '5\r\nhello\r\n',
    '0',
    '0\r\n',
    '0\r\n\r',
  ])('is truncated after %j', (text) => expect(decodeEveryCut(chunked, text).end).toBe('truncated'))

  test('hands on what came before a fault', () => {
    expect(decodeEveryCut(chunked, '5\r\nhello\r\nxyz')).toMatchObject({ body: 'hello', end: 'bad' })
  })

  test('may have a chunk size of many gigabytes', () => {
    expect(decode(chunked, [latin1('1FFFFFFFFFFFFF\r\nhello')])).toMatchObject({ body: 'hello', end: 'truncated' })
  })

  test('stays bad', () => {
    const decoder = createDecoder(chunked, limits)
    const sink = { push: () => {} }
    expect(decoder.decode(latin1('x'), 0, sink).kind).toBe('bad')
    expect(decoder.decode(latin1('0\r\n\r\n'), 0, sink).kind).toBe('bad')
    expect(decoder.finish()).toBe('truncated')
  })

  test('is refused when it is mostly extensions', () => {
    const chunk = `1;${'a'.repeat(1000)}\r\nx\r\n`
    expect(decode(chunked, [latin1(`${chunk.repeat(10)}0\r\n\r\n`)]).end).toBe('complete')
    expect(decode(chunked, [latin1(`${chunk.repeat(20)}0\r\n\r\n`)]).end).toBe('bad')
  })

  test('may carry a signature in every chunk of a long body', () => {
    const chunk = `400;chunk-signature=${'a'.repeat(64)}\r\n${'x'.repeat(1024)}\r\n`
    expect(decode(chunked, [latin1(`${chunk.repeat(500)}0\r\n\r\n`)]).end).toBe('complete')
  })

  test('is what the encoder writes', () => {
    const pieces = ['hello', 'x'.repeat(4095), '\0\r\n']
    const chunks = pieces.map((piece) => `${chunkHeader(piece.length).toString('latin1')}${piece}\r\n`)
    const end = lastChunk(['X-Sum', 'a\r\nb', 'Content-Length', '5', 'Host', 'b']).toString('latin1')
    expect(end).toBe('0\r\nX-Sum: a  b\r\n\r\n')
    expect(decode(chunked, [latin1(chunks.join('') + end)])).toEqual({
      body: pieces.join(''),
      rest: '',
      end: 'complete',
      trailers: ['X-Sum', 'a  b'],
    })
  })
})

describe('chunkHeader', () => {
  test.each([
    [1, '1\r\n'],
    [16, '10\r\n'],
    [65535, 'ffff\r\n'],
  ])('of %d bytes is %j', (size, text) => expect(chunkHeader(size).toString('latin1')).toBe(text))

  test('refuses the size that would end the body', () => {
    expect(() => chunkHeader(0)).toThrow(RangeError)
  })
})

describe('lastChunk', () => {
  test('without trailers is five bytes', () => {
    expect(lastChunk([]).toString('latin1')).toBe('0\r\n\r\n')
  })
})
