import { describe, test } from 'bun:test'
import { socketTransport } from '../../src/upstream/socket.ts'
import { http1PeerServer } from '../support/peer-server.ts'
import { readText } from '../support/request.ts'
import { WireUpstream } from '../support/wire-upstream.ts'
import { outgoing, settings, transportContract } from './transport-contract.ts'

transportContract('socket', { make: socketTransport, server: http1PeerServer, sharesConnections: false })

describe('a connection that nobody uses', () => {
  // fetch closes its own as well, but only to the nearest four seconds.
  test('is closed after the idle time', async () => {
    await using upstream = new WireUpstream()
    const transport = socketTransport({ ...settings, idleTimeoutMs: 60 })
    const answer = transport.send(outgoing({ scheme: 'http', port: upstream.port }))
    const server = await upstream.request()
    server.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await readText((await answer).body)
    await upstream.allGone()
    transport.close()
  })
})
