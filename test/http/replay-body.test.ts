import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { textBody, type Body } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { ReplayBody } from '../../src/http/replay-body.ts'
import { readText } from '../support/request.ts'

const givenUp = new ProxyError('upstream.reset', 'given up')

/** A body whose pieces come when they are asked for, and that tells how it was used. */
function source(pieces: readonly string[], failure?: ProxyError) {
  const seen = { reads: 0, cancelledWith: undefined as ProxyError | undefined }
  const body = pullBody({
    read: () => {
      const piece = pieces[seen.reads]
      seen.reads += 1
      if (piece === undefined && failure !== undefined) return Promise.reject(failure)
      return Promise.resolve(piece === undefined ? undefined : Buffer.from(piece))
    },
    cancel: (reason) => (seen.cancelledWith = reason),
    trailers: () => ['X-Sum', '1'],
  })
  return { body, seen }
}

async function firstPiece(body: Body): Promise<string | undefined> {
  const piece = await body.read()
  return piece && Buffer.from(piece).toString()
}

describe('a replayed body', () => {
  test('is whole for every attempt, however far the one before came', async () => {
    const { body, seen } = source(['one ', 'two ', 'three'])
    const replay = new ReplayBody(body, 100)
    expect(seen.reads).toBe(0)
    const first = replay.open()
    expect(await firstPiece(first)).toBe('one ')
    expect(seen.reads).toBe(1)
    first.cancel(givenUp)
    expect(await readText(replay.open())).toBe('one two three')
    const last = replay.open()
    replay.settle()
    expect(await readText(last)).toBe('one two three')
    expect(last.trailers).toEqual(['X-Sum', '1'])
    expect(seen.cancelledWith).toBeUndefined()
    expect(seen.reads).toBe(4)
  })

  test('loses no piece that came for an attempt which had ended', async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>()
    let reads = 0
    const body = pullBody({
      read: () => (reads++ === 0 ? promise : Promise.resolve(undefined)),
      cancel: () => {},
    })
    const replay = new ReplayBody(body, 100)
    const first = replay.open()
    const wanted = first.read().catch((error: ProxyError) => error.code)
    first.cancel(givenUp)
    const second = replay.open()
    const text = readText(second)
    resolve(Buffer.from('late'))
    expect(await wanted).toBe('upstream.reset')
    expect(await text).toBe('late')
  })

  test('gives nothing more to an attempt that was followed by another', async () => {
    const replay = new ReplayBody(source(['a', 'b']).body, 100)
    const first = replay.open()
    await first.read()
    replay.open()
    expect(await first.read().catch((error: ProxyError) => error.code)).toBe('proxy.unexpected')
  })

  test.each([
    ['before it is settled', true],
    ['after it is settled', false],
  ])('is given up with the last attempt, %s', async (_, isBefore) => {
    const { body, seen } = source(['a'])
    const replay = new ReplayBody(body, 100)
    const view = replay.open()
    if (isBefore) view.cancel(givenUp)
    expect(seen.cancelledWith).toBeUndefined()
    replay.settle()
    if (!isBefore) view.cancel(givenUp)
    expect(seen.cancelledWith).toBe(givenUp)
  })

  test('breaks off for every attempt when the client has gone', async () => {
    const gone = new ProxyError('client.reset', 'gone')
    const replay = new ReplayBody(source(['a'], gone).body, 100)
    for (let attempt = 0; attempt < 2; attempt++) {
      const failure = await readText(replay.open()).catch((error: ProxyError) => error)
      expect(failure).toBe(gone)
    }
  })

  test('is not remembered beyond its limit', async () => {
    const replay = new ReplayBody(source(['1234', '5678', '9']).body, 6)
    const first = replay.open()
    await first.read()
    expect([replay.exceedsLimit, replay.isReplayable]).toEqual([false, true])
    await first.read()
    expect([replay.exceedsLimit, replay.isReplayable]).toEqual([true, true])
    expect(await firstPiece(first)).toBe('9')
    expect(replay.isReplayable).toBe(false)
    expect(await first.read()).toBeUndefined()
  })

  test('is known to be too long by its length alone', () => {
    const { body } = source([])
    expect(new ReplayBody(Object.assign(body, { length: 7 }), 6).exceedsLimit).toBe(true)
    expect(new ReplayBody(Object.assign(body, { length: 6 }), 6).exceedsLimit).toBe(false)
  })

  test('that is in memory already is sent as it is, every time', async () => {
    const replay = new ReplayBody(textBody('whole'), 5)
    for (let attempt = 0; attempt < 2; attempt++) {
      const body = replay.open()
      expect(Buffer.from(body.whole!).toString()).toBe('whole')
      expect(await readText(body)).toBe('whole')
    }
    const tooLong = new ReplayBody(textBody('longer'), 5)
    expect(tooLong.open().whole).toBeUndefined()
    expect(await readText(tooLong.open())).toBe('longer')
  })
})
