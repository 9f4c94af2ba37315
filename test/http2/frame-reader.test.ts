import { describe, expect, test } from 'bun:test'
import { FrameReader } from '../../src/http2/frame-reader.ts'
import { flag, frame, frameType } from '../support/http2-frames.ts'

const padded = 8

/** What a reader makes of these bytes, with pieces of one body put together. */
function read(pieces: readonly Buffer[]): string[] {
  const seen: string[] = []
  let body = ''
  const reader = new FrameReader({
    begin: () => undefined,
    frame: ({ type, stream }, bytes, start, end) =>
      void seen.push(`${type}@${stream} ${bytes.toString('latin1', start, end)}`),
    data: (piece) => (body += piece.toString()),
    dataEnd: ({ stream, length }) => {
      seen.push(`data@${stream} ${body} of ${length}`)
      body = ''
    },
  })
  for (const piece of pieces) {
    const fault = reader.read(piece)
    if (fault !== undefined) return [...seen, fault.detail]
  }
  return seen
}

const frames = Buffer.concat([
  frame(frameType.settings, 0, 0),
  frame(frameType.headers, flag.endHeaders, 1, Buffer.from('block')),
  frame(frameType.data, 0, 1, Buffer.from('hello')),
  frame(frameType.data, padded, 1, Buffer.from('\x03abc\0\0\0')),
  frame(frameType.data, padded, 1, Buffer.from('\x02\0\0')),
  frame(frameType.data, flag.endStream, 2 ** 31 - 1),
  frame(frameType.ping, 0, 0, Buffer.from('12345678')),
])
const expected = [
  '4@0 ',
  '1@1 block',
  'data@1 hello of 5',
  'data@1 abc of 7',
  'data@1  of 3',
  'data@2147483647  of 0',
  '6@0 12345678',
]

describe('Frames', () => {
  test('are the same however the bytes are cut', () => {
    expect(read([frames])).toEqual(expected)
    for (let cut = 0; cut <= frames.length; cut++) {
      expect(read([frames.subarray(0, cut), frames.subarray(cut)])).toEqual(expected)
    }
    expect(read([...frames].map((octet) => Buffer.of(octet)))).toEqual(expected)
  })

  test.each([
    ['a frame of 20000 bytes', frame(frameType.headers, 0, 1, Buffer.alloc(20_000))],
    ['padding without its length', frame(frameType.data, padded, 1)],
    ['padding that is longer than its frame', frame(frameType.data, padded, 1, Buffer.from([9, 0]))],
  ])('are refused with %s', (detail, bytes) => {
    expect(read([bytes])).toEqual([detail])
  })
})
