import { describe, expect, test } from 'bun:test'
import { FrameGuard } from '../../src/http2/frame-guard.ts'
import { flag, frame, frameType, get, requestBlock } from '../support/http2-frames.ts'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const settings = frame(frameType.settings, 0, 0)
const open = frame(frameType.headers, flag.endHeaders, 1, requestBlock({ method: 'POST' }))
const data = frame(frameType.data, 0, 1, Buffer.from('x'))
const end = frame(frameType.data, flag.endStream, 1)
const trailers = frame(frameType.headers, flag.endHeaders | flag.endStream, 1, Buffer.alloc(3))
const reset = frame(frameType.reset, 0, 1, Buffer.alloc(4))

function guarded(): FrameGuard {
  return new FrameGuard({ maxHeaderBlockBytes: 1000 })
}

describe('A frame guard', () => {
  test.each<[string, Buffer[]]>([
    ['a request without a body', [get(1), get(3)]],
    ['a body', [open, data, data, end]],
    ['trailers', [open, data, trailers]],
    ['a reset, twice', [open, reset, reset]],
    ['a window for an open stream', [open, frame(frameType.window, 0, 1, Buffer.alloc(4))]],
  ])('lets %s pass, however the bytes are cut', (_, frames) => {
    const bytes = Buffer.concat([preface, settings, ...frames])
    for (let cut = 0; cut <= bytes.length; cut++) {
      const guard = guarded()
      expect(guard.inspect(bytes.subarray(0, cut)) ?? guard.inspect(bytes.subarray(cut))).toBeUndefined()
    }
  })

  test.each<[string, number, Buffer[]]>([
    ['DATA after the end of a stream', 5, [open, end, data]],
    ['DATA after a reset', 5, [open, reset, data]],
    ['a head on an ended stream', 5, [get(1), get(1)]],
    ['a stream that goes back', 1, [get(5), get(3)]],
    ['a reset of a stream that was never opened', 1, [frame(frameType.reset, 0, 7, Buffer.alloc(4))]],
    ['a window of a stream that was never opened', 1, [frame(frameType.window, 0, 7, Buffer.alloc(4))]],
    [
      'a field section that is too long',
      11,
      [
        frame(frameType.headers, 0, 1, Buffer.alloc(600)),
        frame(frameType.continuation, flag.endHeaders, 1, Buffer.alloc(600)),
      ],
    ],
  ])('refuses %s with code %i', (_, code, frames) => {
    const guard = guarded()
    expect(guard.inspect(Buffer.concat([preface, settings, ...frames]))?.code).toBe(code)
  })

  test('knows of a field section that has begun', () => {
    const guard = guarded()
    guard.inspect(Buffer.concat([preface, frame(frameType.headers, 0, 1, requestBlock())]))
    expect(guard.isInHeaderBlock).toBe(true)
    guard.inspect(frame(frameType.continuation, flag.endHeaders, 1, Buffer.alloc(1)))
    expect(guard.isInHeaderBlock).toBe(false)
  })
})
