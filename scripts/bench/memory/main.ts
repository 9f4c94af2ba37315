/**
 * What the executable's memory does: how much each idle connection costs, and what is left after bursts of requests.
 * `scripts/bench/memory/run [--connections 10000] [--requests 100000] [--quick]`
 */
import { parseArgs } from 'node:util'
import { startSluice } from '../../../test/support/sluice.ts'
import { temporaryFolder } from '../../../test/support/temporary.ts'
import { residentBytes } from '../../../test/support/resident-memory.ts'
import type { Order } from './client.ts'

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    requests: { type: 'string', default: '100000' },
    quick: { type: 'boolean', default: false },
  },
})
const connections = values.quick ? 100 : Number(values.connections)
const requests = values.quick ? 1000 : Number(values.requests)
const rounds = values.quick ? 1 : 3
/** For the collector to find that nothing goes on. */
const restMs = values.quick ? 100 : 4000

type Answer = { readonly upstreamPort?: number; readonly failed?: string }

class Client {
  readonly #answers: ((answer: Answer) => void)[] = []
  readonly #process = Bun.spawn([process.execPath, `${import.meta.dir}/client.ts`], {
    stderr: 'inherit',
    ipc: (answer: Answer) => this.#answers.shift()?.(answer),
  })

  order(order: Order): Promise<Answer> {
    this.#process.send(order)
    return this.answer()
  }

  async answer(): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve) => this.#answers.push(resolve))
    if (answer.failed !== undefined) throw new Error(answer.failed)
    return answer
  }

  stop(): void {
    this.#process.kill()
  }
}

function configuration(upstreamPort: number | undefined): string {
  return JSON.stringify({
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'app' } },
      services: { app: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${upstreamPort}` }] } } },
    },
  })
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`

async function measure(way: 'fetch' | 'fastProxy'): Promise<void> {
  await using folder = await temporaryFolder()
  const client = new Client()
  const { upstreamPort } = await client.answer()
  const file = await folder.write('dynamic.yaml', configuration(upstreamPort))
  await using sluice = await startSluice([
    '--entryPoints.web.address=127.0.0.1:0',
    '--entryPoints.web.transport.respondingTimeouts.idleTimeout=600s',
    `--providers.file.filename=${file}`,
    ...(way === 'fastProxy' ? ['--experimental.fastProxy=true'] : []),
  ])
  const port = sluice.ports['web']!
  const rested = async () => {
    await Bun.sleep(restMs)
    return residentBytes(sluice.pid)
  }
  try {
    const fresh = await rested()
    await client.order({ kind: 'burst', port, connections: 64, requests: 2000 })
    const start = await rested()
    console.log(`${way}: ${megabytes(fresh)} fresh, ${megabytes(start)} after the first 2,000 requests`)
    for (let round = 0; round < rounds; round++) {
      await client.order({ kind: 'burst', port, connections: 64, requests })
      const high = await residentBytes(sluice.pid)
      const after = await rested()
      const growth = (100 * (after / start - 1)).toFixed(0)
      console.log(`  ${requests} requests: ${megabytes(high)} at their end, ${megabytes(after)} at rest (${growth} %)`)
    }
    const before = await rested()
    await client.order({ kind: 'hold', port, connections })
    const held = await rested()
    const each = ((held - before) / connections / 1024).toFixed(2)
    console.log(`  ${connections} idle connections: ${megabytes(before)} → ${megabytes(held)}, ${each} KB each`)
    await client.order({ kind: 'drop' })
    console.log(`  closed again: ${megabytes(await rested())}`)
  } finally {
    client.stop()
  }
}

await measure('fetch')
await measure('fastProxy')
