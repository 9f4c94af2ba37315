import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { ownedBody, type Body } from '../../src/http/body.ts'
import type { Framing } from '../../src/http1/framing.ts'
import { IncomingBody } from '../../src/http1/incoming-body.ts'
import { MessageWriter, writeAtOnce } from '../../src/http1/message-writer.ts'
import type { Connection } from '../../src/net/connection.ts'
import { dial } from '../../src/net/dial.ts'
import { listen } from '../../src/net/listen.ts'
import { within } from '../provider/within.ts'

/** A connection to write on, and what its other end has got so far. */
async function joined(): Promise<{ connection: Connection; got: (bytes: number) => Promise<Buffer>; close(): void }> {
  let received = Buffer.alloc(0)
  let changed = Promise.withResolvers<void>()
  const listener = listen({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    accept: (peer) => {
      const keep = (bytes: Buffer) => {
        received = Buffer.concat([received, bytes])
        changed.resolve()
        changed = Promise.withResolvers()
      }
      peer.attach({ received: keep, ended: () => peer.close(), closed: () => {}, drained: () => {} })
    },
  })
  const address = { host: '127.0.0.1', port: listener.port }
  const connection = await dial({ address, tls: undefined, timeoutMs: 1000 })
  const got = async (bytes: number) => {
    while (received.length < bytes) await within(changed.promise, `${bytes} bytes`)
    return received
  }
  const close = () => {
    connection.close()
    listener.stop()
  }
  return { connection, got, close }
}

const owner = { messageWritten: () => {}, messageFailed: () => {} }
const source = { holdBody: () => {}, wantBody: () => {}, dropBody: () => {} }
const head = 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n'

async function written(body: Body, framing: Framing, bytes: number): Promise<string> {
  const { connection, got, close } = await joined()
  const message = { connection, framing, body }
  if (!writeAtOnce(message, head)) new MessageWriter(message, owner).start(head)
  const all = await got(bytes)
  close()
  return all.toString('latin1')
}

describe('a message', () => {
  test.each([
    [100, 40],
    [100, 3],
    [20_000, 40],
    [20_000, head.length],
    [20_000, head.length - 1],
    [200_000, 40],
    [200_000, 0],
  ])('with a body of %d bytes behind %d spare ones is its head and its body', async (length, headroom) => {
    const memory = Buffer.alloc(headroom + length, '-')
    memory.fill('b', headroom)
    const body = ownedBody(memory, headroom)
    const expected = head + 'b'.repeat(length)
    expect(await written(body, { kind: 'length', bytes: length }, expected.length)).toBe(expected)
  })

  test.each([
    [0, 40, true],
    [100, 40, true],
    [20_000, head.length, true],
    [20_000, head.length - 1, false],
  ])('with a body of %d bytes behind %d spare ones is written at once: %p', async (length, headroom, isAtOnce) => {
    const { connection, close } = await joined()
    const body = ownedBody(Buffer.alloc(headroom + length, 'b'), headroom)
    expect(writeAtOnce({ connection, framing: { kind: 'length', bytes: length }, body }, head)).toBe(isAtOnce)
    expect(body.isInMemory).toBe(!isAtOnce)
    close()
  })

  test('whose body comes a little later leaves in one piece with it', async () => {
    const { connection, got, close } = await joined()
    const body = new IncomingBody(4, source)
    const writer = new MessageWriter({ connection, framing: { kind: 'length', bytes: 4 }, body }, owner)
    writer.start(head)
    body.push(Buffer.from('body'))
    body.finish([])
    expect((await got(1)).toString('latin1')).toBe(`${head}body`)
    close()
  })

  test.each([
    ['length', { kind: 'length', bytes: 4 }, 'body'],
    ['chunked', { kind: 'chunked' }, '4\r\nbody\r\n0\r\n\r\n'],
    ['until-close', { kind: 'until-close' }, 'body'],
  ] as const)('whose body keeps it waiting sends its head ahead (%s)', async (_, framing, tail) => {
    const { connection, got, close } = await joined()
    const body = new IncomingBody(framing.kind === 'length' ? 4 : undefined, source)
    const writer = new MessageWriter({ connection, framing, body }, owner)
    writer.start(head)
    expect((await got(head.length)).toString('latin1')).toBe(head)
    body.push(Buffer.from('body'))
    body.finish([])
    expect((await got(head.length + tail.length)).toString('latin1')).toBe(head + tail)
    close()
  })

  test('whose body breaks off before its first byte has sent its head', async () => {
    const { connection, got, close } = await joined()
    const body = new IncomingBody(4, source)
    const failures: ProxyError[] = []
    const messageFailed = (error: ProxyError) => void failures.push(error)
    const framing = { kind: 'length', bytes: 4 } as const
    new MessageWriter({ connection, framing, body }, { ...owner, messageFailed }).start(head)
    body.fail(new ProxyError('upstream.truncated', 'gone'))
    expect((await got(head.length)).toString('latin1')).toBe(head)
    expect(failures.map(({ code }) => code)).toEqual(['upstream.truncated'])
    close()
  })

  test('that is empty but chunked is its head and the last chunk', async () => {
    const body = new IncomingBody(undefined, source)
    body.finish(['X-Trailer', '1'])
    const expected = `${head}0\r\nX-Trailer: 1\r\n\r\n`
    expect(await written(body, { kind: 'chunked' }, expected.length)).toBe(expected)
  })
})
