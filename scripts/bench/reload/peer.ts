/**
 * The other end of the reload bench, a process of its own: upstream, and a client that sends a request every few
 * milliseconds, whatever comes, and tells on a line of text how long the answers since the last line took.
 */
import { once } from 'node:events'

const everyMs = 4
const upstream = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('ok') })
process.stdout.write(`${upstream.port}\n`)

const [first] = (await once(process.stdin, 'data')) as [Buffer]
const { port, hosts } = JSON.parse(first.toString()) as { port: number; hosts: number }
let took: number[] = []
let failures = 0
let sent = 0

async function ask(): Promise<void> {
  sent += 1
  const startedAt = performance.now()
  const headers = { Host: `host-${(sent * 7919) % hosts}.bench.test` }
  try {
    const response = await fetch(`http://127.0.0.1:${port}/generation-0`, { headers })
    await response.bytes()
    if (response.status >= 500) failures += 1
  } catch {
    failures += 1
  }
  took.push(performance.now() - startedAt)
}

setInterval(() => void ask(), everyMs)
process.stdin.on('data', () => {
  const sorted = took.toSorted((a, b) => a - b)
  const [p50Ms = 0, maxMs = 0] = [sorted[sorted.length >> 1], sorted.at(-1)]
  const times = `p50 ${p50Ms.toFixed(1)} ms, at most ${maxMs.toFixed(1)} ms`
  process.stdout.write(`${sorted.length} requests, ${times}, ${failures} failed\n`)
  took = []
  failures = 0
})
// Nobody is left to report to.
process.stdin.on('end', () => process.exit(0))
