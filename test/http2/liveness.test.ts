import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'bun:test'
import { http2Transport } from '../../src/upstream/http2.ts'
import { within } from '../provider/within.ts'
import { rawServer } from '../support/raw-server.ts'
import { readText } from '../support/request.ts'
import { get, transportOptions } from '../support/transport.ts'

const quick = { readIdleTimeoutMs: 50, pingTimeoutMs: 100 }
const notUsed = { send: () => Promise.reject(new Error('not to be used')) }

/** An empty SETTINGS frame (RFC 9113 §6.5): what a server says first. */
const settingsFrame = Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0)

describe('a silent HTTP/2 server', () => {
  test('that answers pings is waited for', async () => {
    const server = createServer((_, response) => void setTimeout(() => response.end('late'), 400))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const transport = http2Transport({ ...transportOptions(), ...quick }, notUsed)
    const { body } = await get(transport, `h2c://127.0.0.1:${port}`)
    expect(await readText(body)).toBe('late')
    transport.close()
    server.close()
  })

  test('that answers none loses its connection, and the request fails', async () => {
    using server = await rawServer()
    const transport = http2Transport({ ...transportOptions(), ...quick }, notUsed)
    const failure = get(transport, `h2c://127.0.0.1:${server.port}`).then(
      () => 'answered',
      (thrown: { code: string }) => thrown.code,
    )
    const accepted = await server.accept()
    accepted.write(settingsFrame)
    expect(await within(failure, 'the failure')).toBe('upstream.reset')
    await within(accepted.ended, 'the end of the connection')
    transport.close()
  })
})
