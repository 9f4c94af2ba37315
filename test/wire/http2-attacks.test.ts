import { describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { errorCode, flag, frame, frameType, get, Http2Peer, literal, requestBlock } from '../support/http2-frames.ts'
import { WireProxy } from '../support/proxy.ts'

const calm = 11

function many(count: number, make: (index: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))
}

const openPost = frame(frameType.headers, flag.endHeaders, 1, requestBlock({ method: 'POST' }))
const openHead = frame(frameType.headers, 0, 1, requestBlock())

/** A field in the dynamic table, and a field section that names it so often that it would be 48 MB. */
function bomb(stream: number): Buffer {
  const planted = literal('x-bomb', 'v'.repeat(3900))
  planted[0] = 0x40
  const block = Buffer.concat([requestBlock(), planted, Buffer.alloc(12_000, 0x80 | 62)])
  return frame(frameType.headers, flag.endHeaders | flag.endStream, stream, block)
}

const cancel = Buffer.from([0, 0, 0, 8])

describe('A client that attacks by HTTP/2 is cut off, named in the log, and hurts nobody else:', () => {
  test.each<[string, number, () => Buffer]>([
    ['rapid reset', calm, () => many(600, (at) => Buffer.concat([get(2 * at + 1), resetOf(2 * at + 1)]))],
    ['a flood of PING', calm, () => many(600, () => frame(frameType.ping, 0, 0, Buffer.alloc(8)))],
    ['a flood of SETTINGS', calm, () => many(600, () => frame(frameType.settings, 0, 0))],
    ['a flood of PRIORITY', calm, () => many(600, () => frame(frameType.priority, 0, 3, Buffer.from([0, 0, 0, 0, 1])))],
    ['a flood of unknown frames', calm, () => many(600, () => frame(0x63, 0, 0))],
    ['a flood of empty DATA', calm, () => Buffer.concat([openPost, many(600, () => frame(frameType.data, 0, 1))])],
    ['endless CONTINUATION', calm, () => Buffer.concat([openHead, many(200, () => continuation(1000))])],
    ['empty CONTINUATION', calm, () => Buffer.concat([openHead, continuation(0)])],
    ['resets that it provokes', calm, () => many(600, (at) => get(2 * at + 1, { path: '' }))],
    ['DATA on a stream never opened', 1, () => frame(frameType.data, 0, 5, Buffer.from('x'))],
    ['a stream number that goes back', 1, () => Buffer.concat([get(5), get(3)])],
    ['DATA after the end', 5, () => Buffer.concat([get(1), frame(frameType.data, 0, 1, Buffer.from('x'))])],
    ['DATA after its own reset', 5, () => Buffer.concat([openPost, resetOf(1), frame(frameType.data, 0, 1)])],
    ['a second head after the end', 5, () => Buffer.concat([get(1), get(1)])],
    ['a reset of a stream never opened', 1, () => resetOf(7)],
    ['a window for a stream never opened', 1, () => frame(frameType.window, 0, 7, Buffer.of(0, 0, 0, 1))],
    ['a window above 2^31-1', 3, () => frame(frameType.window, 0, 0, Buffer.of(0x7f, 255, 255, 255))],
    ['a frame that is too long', 6, () => frame(0x63, 0, 0, Buffer.alloc(16_385))],
    ['a field section that is no HPACK', 9, () => frame(frameType.headers, flag.endHeaders, 1, Buffer.of(0x80))],
    ['another frame within a field section', 1, () => Buffer.concat([openHead, resetOf(1)])],
  ])('%s', async (_, code, attack) => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    using bystander = await Http2Peer.connect(proxy.port)
    using attacker = await Http2Peer.connect(proxy.port)
    attacker.send(attack())
    const goaway = await attacker.next(({ type }) => type === frameType.goaway, 'GOAWAY')
    expect(errorCode(goaway)).toBe(code)
    await attacker.closed()
    expect(proxy.entries.join('')).toMatch(/WRN HTTP\/2 connection refused: .*client=127\.0\.0\.1/)
    bystander.send(get(1))
    await bystander.next(({ type, stream }) => type === frameType.headers && stream === 1, 'an answer to the bystander')
  })

  test('header bombs are refused before they grow', async () => {
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }' })
    using attacker = await Http2Peer.connect(proxy.port)
    const before = process.memoryUsage.rss()
    attacker.send(many(50, (at) => bomb(2 * at + 1)))
    await eventually(() => attacker.isClosed || attacker.frames.filter(isRefusal).length === 50, '50 refusals')
    expect(process.memoryUsage.rss() - before).toBeLessThan(96 * 1024 * 1024)
  })

  test('a head that never ends', async () => {
    const flags = ['entryPoints.web.transport.respondingTimeouts.readTimeout=100ms']
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }', flags })
    using attacker = await Http2Peer.connect(proxy.port)
    attacker.send(openHead)
    expect(errorCode(await attacker.next(({ type }) => type === frameType.goaway, 'GOAWAY'))).toBe(calm)
    await attacker.closed()
  })

  test('more streams at once than allowed are refused one by one', async () => {
    const flags = ['entryPoints.web.http2.maxConcurrentStreams=2']
    await using proxy = await WireProxy.start({ dynamic: 'http: { routers: {} }', flags })
    using client = await Http2Peer.connect(proxy.port)
    const block = requestBlock({ method: 'POST' })
    for (const stream of [1, 3, 5]) client.send(frame(frameType.headers, flag.endHeaders, stream, block))
    const refused = await client.next(({ type, stream }) => type === frameType.reset && stream === 5, 'the refusal')
    expect(errorCode(refused)).toBe(7)
  })
})

function resetOf(stream: number): Buffer {
  return frame(frameType.reset, 0, stream, cancel)
}

function continuation(bytes: number): Buffer {
  const field = bytes === 0 ? Buffer.alloc(0) : literal('x-more', 'y'.repeat(bytes))
  return frame(frameType.continuation, 0, 1, field)
}

/** A reset with ENHANCE_YOUR_CALM, or an answer 431. */
function isRefusal({ type, payload }: { type: number; payload: Buffer }): boolean {
  return type === frameType.headers || (type === frameType.reset && payload.readUInt32BE(0) === calm)
}
