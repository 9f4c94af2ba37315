import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import type { Body } from '../../src/http/body.ts'
import { codings } from '../../src/middleware/accept-encoding.ts'
import { encodedBody } from '../../src/middleware/encoded-body.ts'
import { decode, StreamDecoder } from '../support/decode.ts'
import { PieceSource } from '../support/piece-source.ts'

async function readAll(body: Body): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) pieces.push(piece)
  return Buffer.concat(pieces)
}

const gone = new ProxyError('client.reset', 'gone')

describe.each([...codings])('a body encoded with %s', (coding) => {
  test('decodes to what it was, however it came', async () => {
    const source = new PieceSource()
    const lines = Array.from({ length: 2000 }, (_, number) => `line ${number} ${'é'.repeat(number % 50)}\n`)
    for (const line of lines) source.give(line)
    source.give('x'.repeat(1_000_000))
    source.end()
    const encoded = await readAll(encodedBody(source.body, coding))
    expect(decode(encoded, coding)).toBe(`${lines.join('')}${'x'.repeat(1_000_000)}`)
    // Pieces that are at hand share the dictionary without flushes in between.
    expect(encoded.length).toBeLessThan(30_000)
  })

  test('is whole when there was nothing', async () => {
    const source = new PieceSource()
    source.end()
    expect(decode(await readAll(encodedBody(source.body, coding)), coding)).toBe('')
  })

  test('gives each message out before the next has come', async () => {
    const source = new PieceSource()
    const body = encodedBody(source.body, coding)
    const client = new StreamDecoder(coding)
    for (const message of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      source.give(message)
      client.write((await body.read())!)
      await client.until(message)
    }
    source.end()
    expect(await body.read()).toBeDefined()
    expect(await body.read()).toBeUndefined()
    expect(client.text).toBe('data: one\n\ndata: two\n\ndata: three\n\n')
  })

  test('reads no more than one piece ahead', async () => {
    const source = new PieceSource()
    for (let piece = 0; piece < 10; piece++) source.give('message')
    const body = encodedBody(source.body, coding)
    expect(source.asked).toBe(0)
    const reading = body.read()
    await Promise.resolve()
    expect(source.asked).toBeLessThanOrEqual(2)
    source.end()
    await reading
    await readAll(body)
  })

  test('breaks off where its source does, after all that came before', async () => {
    const source = new PieceSource()
    const body = encodedBody(source.body, coding)
    const client = new StreamDecoder(coding)
    source.give('half of it')
    client.write((await body.read())!)
    await client.until('half of it')
    const failure = new ProxyError('upstream.truncated', 'cut')
    source.fail(failure)
    expect(await body.read().catch((thrown) => thrown)).toBe(failure)
    expect(await body.read()).toBeUndefined()
  })

  test('cancels its source, and rejects what is being read', async () => {
    const source = new PieceSource()
    const body = encodedBody(source.body, coding)
    source.give('message')
    await body.read()
    const reading = body.read().catch((thrown) => thrown)
    body.cancel(gone)
    expect(await reading).toBe(gone)
    expect(source.cancelled).toBe(gone)
  })

  test('can be cancelled while the encoder works, and before it is read', async () => {
    const source = new PieceSource()
    source.give('x'.repeat(1_000_000))
    const body = encodedBody(source.body, coding)
    const reading = body.read().catch((thrown) => thrown)
    // Two turns later the piece is with the encoder.
    await Promise.resolve().then(() => {})
    body.cancel(gone)
    expect([gone, undefined]).toContain(await reading)
    const unread = new PieceSource()
    encodedBody(unread.body, coding).cancel(gone)
    expect(unread.cancelled).toBe(gone)
    expect(unread.asked).toBe(0)
  })

  test('hands on the trailers', () => {
    expect(encodedBody(new PieceSource(undefined, ['Grpc-Status', '0']).body, coding).trailers).toEqual([
      'Grpc-Status',
      '0',
    ])
  })
})
