import { describe, expect, test } from 'bun:test'
import { parseRequestHead, parseResponseHead, type HeadLimits, type RequestHead } from '../../src/http1/head.ts'
import { SeenHeads } from '../../src/http1/seen-heads.ts'
import { latin1 } from './every-cut.ts'

function freshLimits(): HeadLimits {
  return { maxHeadBytes: 4096, maxTargetBytes: 1024, maxFields: 20 }
}

function requestHead(text: string, limits: HeadLimits): RequestHead {
  const result = parseRequestHead(latin1(text), 0, limits)
  if (result.kind !== 'head') throw new Error(`not a head: ${JSON.stringify(result)}`)
  return result.head
}

const poll = 'GET /poll?a=1 HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n'

describe('a request head that comes again', () => {
  test('is the same object from its third time on', () => {
    const limits = freshLimits()
    const [first, second, third, fourth] = [poll, poll, poll, poll].map((text) => requestHead(text, limits))
    expect(second).not.toBe(first!)
    expect(third).toBe(second!)
    expect(fourth).toBe(second!)
    expect(third).toEqual(first!)
  })

  test('is found behind other bytes, and tells where it ends', () => {
    const limits = freshLimits()
    for (let time = 0; time < 3; time++) requestHead(poll, limits)
    const result = parseRequestHead(latin1(`\r\n${poll}POST`), 0, limits)
    expect(result).toMatchObject({ kind: 'head', end: poll.length + 2, head: { path: '/poll', query: 'a=1' } })
  })

  test('is judged anew under other limits', () => {
    for (let time = 0; time < 3; time++) requestHead(poll, freshLimits())
    const strict = { ...freshLimits(), maxFields: 1 }
    for (let time = 0; time < 3; time++) {
      expect(parseRequestHead(latin1(poll), 0, strict)).toMatchObject({ kind: 'bad', code: 'client.headTooLarge' })
    }
  })

  test('is not taken for one that differs in a single octet, wherever that is', () => {
    const limits = freshLimits()
    for (let time = 0; time < 3; time++) requestHead(poll, limits)
    for (let at = 0; at < poll.length; at++) {
      const changed = `${poll.slice(0, at)}${poll[at] === 'x' ? 'y' : 'x'}${poll.slice(at + 1)}`
      const known = parseRequestHead(latin1(changed), 0, limits)
      expect(known).toEqual(parseRequestHead(latin1(changed), 0, freshLimits()))
    }
  })

  test('does not keep what was wrong with another one of its length', () => {
    const limits = freshLimits()
    const broken = poll.replace('Accept: */*', 'Acce pt:*/*')
    for (let time = 0; time < 4; time++) {
      expect(parseRequestHead(latin1(broken), 0, limits).kind).toBe('bad')
      expect(requestHead(poll, limits).headers).toEqual(['Accept', '*/*'])
    }
  })
})

describe('a response head that comes again', () => {
  const notModified = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n'
  const framing = (requestMethod: string, limits: HeadLimits) => {
    const result = parseResponseHead(latin1(notModified), 0, limits, { requestMethod })
    return result.kind === 'head' ? result.head.framing : result
  }

  test('has a body after GET and none after HEAD, in whatever order they come', () => {
    const limits = freshLimits()
    for (const method of ['GET', 'GET', 'GET', 'HEAD', 'GET', 'HEAD', 'POST', 'CONNECT', 'GET']) {
      const expected = method === 'HEAD' || method === 'CONNECT' ? { kind: 'none' } : { kind: 'length', bytes: 5 }
      expect(framing(method, limits)).toEqual(expected as never)
    }
  })
})

describe('SeenHeads', () => {
  test('remembers nothing longer than 2 KiB', () => {
    const limits = freshLimits()
    const long = poll.replace('*/*', 'a'.repeat(2048))
    const [first, ...others] = [long, long, long, long].map((text) => requestHead(text, limits))
    for (const other of others) expect(other).not.toBe(first!)
  })

  test('remembers a bounded number, the latest', () => {
    const seen = new SeenHeads<number>()
    const limits = freshLimits()
    const heads = Array.from({ length: 2000 }, (_, at) => latin1(`GET /${at} HTTP/1.1\r\n\r\n`))
    for (const [at, bytes] of heads.entries()) {
      for (let time = 0; time < 2; time++) {
        seen.find(bytes, 0, bytes.length, limits)
        seen.note(bytes, 0, bytes.length, { limits, head: at })
      }
      expect(seen.find(bytes, 0, bytes.length, limits)).toBe(at)
    }
    const left = heads.filter((bytes) => seen.find(bytes, 0, bytes.length, limits) !== undefined)
    expect(left.length).toBeGreaterThan(100)
    expect(left.length).toBeLessThanOrEqual(256)
  })
})
