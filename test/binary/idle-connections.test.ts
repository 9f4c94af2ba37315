import type { Socket } from 'bun'
import { beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { runProgram } from '../support/process.ts'
import { residentBytes } from '../support/resident-memory.ts'
import { buildExecutable, startProxy } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

const wanted = 10_000
const spareDescriptors = 500

/** As many as the limit of open files allows: this process and the executable hold one for each connection. */
async function possibleConnections(): Promise<number> {
  const { stdout } = await runProgram(['bash', '-c', 'ulimit -n'])
  const limit = stdout.trim() === 'unlimited' ? Infinity : Number(stdout)
  return Math.min(wanted, limit - spareDescriptors)
}

interface Crowd extends Disposable {
  /** Every connection sends these bytes and waits for the blank line that ends the answer's head. */
  ask(request: string): Promise<void>
  readonly openCount: number
}

async function connectAll(port: number, count: number): Promise<Crowd> {
  const sockets = new Set<Socket>()
  let awaited = 0
  let allAnswered: (() => void) | undefined
  const open = () =>
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void sockets.add(socket),
        data: (_socket, bytes) => {
          if (bytes.includes('\r\n\r\n') && --awaited === 0) allAnswered?.()
        },
        close: (socket) => void sockets.delete(socket),
      },
    })
  while (sockets.size < count) await Promise.all(Array.from({ length: Math.min(200, count - sockets.size) }, open))
  return {
    get openCount() {
      return sockets.size
    },
    ask: (request) =>
      new Promise((resolve) => {
        awaited = sockets.size
        allAnswered = resolve
        for (const socket of sockets) socket.write(request)
      }),
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.terminate()
    },
  }
}

const memoryBound = 4096

describe('ten thousand idle connections', () => {
  test('cost at most 4 KB each, before a request and after one', async () => {
    const count = await possibleConnections()
    await using proxy = await startProxy({
      dynamic: { http: { routers: { all: { rule: 'PathPrefix(`/`)', service: 'noop@internal' } } } },
    })
    // What the first requests cost is not the connections'.
    for (let round = 0; round < 3; round++) {
      using warm = await connectAll(proxy.port(), 200)
      await within(warm.ask('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'), 'answers')
    }
    const before = await residentBytes(proxy.sluice.pid)
    using crowd = await connectAll(proxy.port(), count)
    const fresh = ((await residentBytes(proxy.sluice.pid)) - before) / count
    await within(crowd.ask('GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: crowd\r\n\r\n'), 'answers', 10_000)
    expect(crowd.openCount).toBe(count)
    expect(fresh).toBeLessThan(memoryBound)
    // What ten thousand requests at once leave behind is collected once the process has nothing else to do.
    const used = async () => ((await residentBytes(proxy.sluice.pid)) - before) / count
    await eventually(async () => (await used()) < memoryBound, 'less memory for each connection', 8000)
  }, 20_000)
})
