import { createServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, test } from 'bun:test'
import { textBody } from '../../src/http/body.ts'
import { http2Transport } from '../../src/upstream/http2.ts'
import { readText } from '../support/request.ts'
import { get, transportOptions } from '../support/transport.ts'

/** Ends the connection instead of giving the answers with these numbers, counted from 1. */
async function startServer(cutAt: readonly number[]) {
  let asked = 0
  const sockets = new Set<Socket>()
  const server = createServer((_, response) => {
    asked += 1
    if (!cutAt.includes(asked)) return response.end('ok')
    for (const socket of sockets) socket.destroy()
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('sessionError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const transport = http2Transport(transportOptions(), { send: () => Promise.reject(new Error('not to be used')) })
  const ask = async (parts = {}) => {
    try {
      return await readText((await get(transport, `h2c://127.0.0.1:${port}`, parts)).body)
    } catch (thrown) {
      return (thrown as { code: string }).code
    }
  }
  const close = () => {
    transport.close()
    server.close()
  }
  return { ask, asked: () => asked, [Symbol.dispose]: close }
}

describe('a request on a kept HTTP/2 connection that ends before the answer', () => {
  test('is sent once more when that is safe', async () => {
    using server = await startServer([2, 4, 5])
    expect(await server.ask()).toBe('ok')
    expect(await server.ask()).toBe('ok')
    expect(await server.ask()).toBe('upstream.reset')
    expect(server.asked()).toBe(5)
  })

  test.each([
    ['a POST', { method: 'POST' }],
    ['a body', { method: 'PUT', body: textBody('x') }],
  ])('is not with %s', async (_, parts) => {
    using server = await startServer([2])
    expect(await server.ask()).toBe('ok')
    expect(await server.ask(parts)).toBe('upstream.reset')
    expect(server.asked()).toBe(2)
  })

  test('is not on a connection that has never answered', async () => {
    using server = await startServer([1])
    expect(await server.ask()).toBe('upstream.reset')
    expect(server.asked()).toBe(1)
  })
})
