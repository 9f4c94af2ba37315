import { describe, expect, test } from 'bun:test'
import { decodeDynamic } from '../../src/config/dynamic.ts'
import { parseDocument } from '../../src/config/document.ts'
import { loadStatic } from '../../src/config/load-static.ts'
import { silentLog } from '../../src/observe/log.ts'
import { mergeProviders } from '../../src/provider/merge.ts'
import { buildSnapshot, type Snapshot } from '../../src/snapshot/build.ts'
import { KeptState } from '../../src/snapshot/kept-state.ts'
import { TransportStore } from '../../src/snapshot/transports.ts'

const limits = { maxHeadBytes: 8192, maxTargetBytes: 8192, maxFields: 100 }
const kept = new KeptState()
const runCheck = () => () => {}
const transports = new TransportStore({ fastProxy: false, limits })

async function snapshotOf(document: object, previous: Snapshot | undefined): Promise<Snapshot> {
  const flags = ['--entryPoints.web.address=127.0.0.1:0']
  const loaded = await loadStatic({ argv: flags, environment: {}, workingDirectory: '/' })
  const text = JSON.stringify(document)
  const { node } = parseDocument({ file: 'd.json', text, format: 'json' })
  const decoded = decodeDynamic(node, { provider: 'file', file: 'd.json', text })
  const merged = mergeProviders(new Map([['file', { ...decoded, failed: [], digest: text }]]))
  return buildSnapshot({
    static: loaded.configuration!,
    dynamic: merged.configuration,
    transports,
    kept,
    runCheck,
    internal: new Map(),
    tracing: undefined,
    hostname: 'here',
    alpn: ['http/1.1'],
    log: silentLog,
    previous,
    boundPort: () => undefined,
  })
}

const generation = (number: number) => ({
  http: {
    routers: { app: { rule: 'Host(`a.test`)', service: 'app', middlewares: ['tag'], tls: {} } },
    middlewares: { tag: { headers: { customRequestHeaders: { 'X-Generation': String(number) } } } },
    services: { app: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } } },
  },
})

/** Parts of as many snapshots, each built on the one before, that nobody holds any more. */
async function buildInTurn(count: number): Promise<{ last: Snapshot; past: WeakRef<object>[] }> {
  const past: WeakRef<object>[] = []
  let last = await snapshotOf(generation(0), undefined)
  for (let number = 1; number <= count; number++) {
    const next = await snapshotOf(generation(number), last)
    past.push(new WeakRef(last), new WeakRef(last.tls), new WeakRef(last.board), new WeakRef(last.entryPoints))
    await last.retire()
    last = next
  }
  return { last, past }
}

describe('a snapshot', () => {
  test('does not hold those before it', async () => {
    const { last, past } = await buildInTurn(20)
    await Bun.sleep(0)
    Bun.gc(true)
    const held = past.filter((part) => part.deref() !== undefined)
    // The collector may take a stale word on the stack for a reference; a chain would hold all of them.
    expect(held.length).toBeLessThan(past.length / 2)
    expect(last.problems).toEqual([])
  })
})
