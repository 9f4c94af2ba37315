import { WirePeer } from './wire-peer.ts'

const deafListener = `
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  require('node:fs').writeSync(1, listener.port + ' ')
  Bun.sleepSync(60_000)
`

export interface BlackHole extends AsyncDisposable {
  readonly url: string
}

/**
 * A port that neither accepts nor refuses: its program is busy for ever and the kernel's queue of connections that
 * wait to be accepted is full.
 */
export async function blackHole(): Promise<BlackHole> {
  const child = Bun.spawn([process.execPath, '-e', deafListener], { stdout: 'pipe' })
  const { value } = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  const waiting = await fillQueue(port)
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const peer of waiting) peer.reset()
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

/** Connects until a connection is not taken at once; on loopback that is the end of the queue. */
async function fillQueue(port: number): Promise<WirePeer[]> {
  const waiting: WirePeer[] = []
  const isTaken = (peer: Promise<WirePeer>) => Promise.race([peer, Bun.sleep(100).then(() => undefined)])
  while (waiting.length < 5000) {
    const batch = Array.from({ length: 64 }, () => WirePeer.connect(port, 'queued').catch(() => undefined))
    const peers = await Promise.all(batch.map((peer) => isTaken(peer as Promise<WirePeer>)))
    waiting.push(...peers.filter((peer) => peer !== undefined))
    if (peers.includes(undefined)) return waiting
  }
  throw new Error('the queue of the listener is longer than expected')
}
