import { Answer } from './answer.ts'
import type { Load } from './load.ts'
import type { ClientOrder } from './own-client.ts'
import { percentile } from './statistics.ts'

const patienceMs = 5000

interface Attempt {
  readonly outcome: 'right' | 'wrong' | 'error'
  readonly latencyMs: number
}

const order = JSON.parse(process.argv[2] ?? '{}') as ClientOrder
const expected = Buffer.from(await Bun.file(order.expectedFile).bytes())

/** From the first SYN to the last byte of the answer. */
async function attempt(): Promise<Attempt> {
  const startedAt = performance.now()
  const { promise, resolve } = Promise.withResolvers<Attempt['outcome']>()
  const answer = new Answer(expected)
  const timer = setTimeout(() => resolve('error'), patienceMs)
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: order.port,
    // The certificate has been verified before the first round; doing so here would only cost the client.
    tls: { serverName: 'localhost', rejectUnauthorized: false },
    socket: {
      handshake: (secured) => void secured.write(order.head),
      data: (_, bytes) => {
        const verdict = answer.take(bytes)
        if (verdict !== 'part') resolve(verdict)
      },
      close: () => resolve('error'),
      error: () => resolve('error'),
    },
  }).catch(() => undefined)
  const outcome = socket === undefined ? 'error' : await promise
  clearTimeout(timer)
  socket?.end()
  return { outcome, latencyMs: performance.now() - startedAt }
}

const attempts: Attempt[] = []
const startedAt = performance.now()
const endsAt = startedAt + order.seconds * 1000

async function lane(): Promise<void> {
  while (performance.now() < endsAt) attempts.push(await attempt())
}

await Promise.all(Array.from({ length: order.connections }, lane))
const answered = attempts.filter(({ outcome }) => outcome !== 'error')
const latenciesMs = answered.map(({ latencyMs }) => latencyMs)
const load: Load = {
  requests: answered.length,
  durationMs: performance.now() - startedAt,
  p50Ms: percentile(latenciesMs, 50),
  p99Ms: percentile(latenciesMs, 99),
  errors: attempts.length - answered.length,
  wrong: answered.filter(({ outcome }) => outcome === 'wrong').length,
}
console.log(JSON.stringify(load))
process.exit(0)
