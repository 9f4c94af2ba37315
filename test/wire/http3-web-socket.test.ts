import { createHash } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { Http3Client } from '../support/http3-client.ts'
import { startHttp3Proxy } from '../support/http3-proxy.ts'
import { WireUpstream } from '../support/wire-upstream.ts'

const accept = (key: string) => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

async function openTunnel() {
  const upstream = new WireUpstream()
  const proxy = await startHttp3Proxy({ servers: [upstream.url] })
  const client = await Http3Client.connect(proxy.port)
  const fields = { ':protocol': 'websocket', 'sec-websocket-version': '13' }
  const exchange = await client.open({ method: 'CONNECT', fields, staysOpen: true })
  const server = await upstream.request()
  const key = /^Sec-WebSocket-Key: (.+)\r$/im.exec(server.text)![1]!
  const head = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept(key)}\r\n`
  server.send(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\nhello`)
  await eventually(() => exchange.received() === 'hello', 'the first bytes of the tunnel')
  return {
    ...{ client, exchange, server, proxy },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

describe('A WebSocket that is asked for over HTTP/3', () => {
  test('carries bytes both ways until both sides have ended', async () => {
    await using tunnel = await openTunnel()
    const { exchange, server } = tunnel
    exchange.stream.writer.writeSync(Buffer.from('from the client'))
    await server.expect('from the client')
    server.send(', client')
    await eventually(() => exchange.received() === 'hello, client', 'the bytes of the server')
    exchange.stream.writer.endSync()
    server.finish()
    expect(await exchange.answer).toMatchObject({ status: 200, failure: undefined })
    await server.gone()
  })

  test('ends for its server when the client resets it', async () => {
    await using tunnel = await openTunnel()
    tunnel.exchange.stream.resetStream(0x10cn)
    tunnel.exchange.stream.stopSending(0x10cn)
    await tunnel.server.gone()
  })

  test('ends for the client when its server vanishes', async () => {
    await using tunnel = await openTunnel()
    tunnel.server.reset()
    expect((await tunnel.exchange.answer).failure).toBeDefined()
  })
})
