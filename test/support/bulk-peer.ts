/**
 * The far end of a transfer that is too big to have in the process whose memory is measured: reads one message, stands
 * still after its beginning until a line comes on standard input, and tells of the end on standard output.
 *
 *     bulk-peer.ts connect <port> <bytes> <request>
 *     bulk-peer.ts listen <bytes> <response>
 */
import type { Socket } from 'bun'

const [role, ...words] = process.argv.slice(2)
const [total, message] = role === 'connect' ? [Number(words[1]), words[2]!] : [Number(words[0]), words[1]!]
let received = 0
let isDone = false

const socket = {
  open(opened: Socket) {
    if (role === 'connect') opened.write(message)
  },
  data(from: Socket, bytes: Buffer) {
    if (received === 0) standStill(from)
    received += bytes.length
    if (received < total || isDone) return
    isDone = true
    if (role === 'listen') from.write(message)
    console.log('done')
  },
}

async function standStill(from: Socket): Promise<void> {
  from.pause()
  for await (const _ of console) break
  from.resume()
}

if (role === 'connect') {
  await Bun.connect({ hostname: '127.0.0.1', port: Number(words[0]), socket })
} else {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket })
  console.log(`port ${listener.port}`)
}
