import { connect, createServer } from 'node:net'

/** A port that nobody listens on at the moment, for programs that cannot listen on port 0 (nginx). */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}

/** Different free ports: all are held until the last has been found. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('a TCP listener has a numeric address')
      return address.port
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Where every connection is refused: a port below those that are given out, so that no other test gets it meanwhile. */
export const refusingUrl = 'http://127.0.0.1:1'

const retryMs = 10

/** Resolves as soon as something accepts on the port. Rejects after the deadline. */
export async function untilListening(port: number, deadlineMs = 10_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!(await accepts(port))) {
    if (performance.now() > deadline) throw new Error(`nothing listens on port ${port} after ${deadlineMs} ms`)
    await Bun.sleep(retryMs)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
