import { silentLog } from '../../src/observe/log.ts'
import type { BoundEntryPoint } from '../../src/app.ts'
import { Supervisor, type LoadedSettings } from '../../src/worker/supervisor.ts'
import { portsOf } from '../../src/worker/entry-points.ts'
import type { WorkerStatus } from '../../src/worker/worker-process.ts'
import { executable } from '../support/sluice.ts'
import { eventually } from '../support/eventually.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { staticConfiguration } from '../worker/static-text.ts'
import { asText } from './proxy.ts'

export interface SupervisedPlan {
  readonly dynamic: unknown
  readonly static?: Readonly<Record<string, unknown>>
}

/** A supervisor in this process, so that its status can be asked for, over workers of the compiled executable. */
export async function startSupervised(plan: SupervisedPlan) {
  const folder = await temporaryFolder()
  const dynamicFile = await folder.write('dynamic.yaml', asText(plan.dynamic))
  const settings = (more: Readonly<Record<string, unknown>> = {}): LoadedSettings & { configuration: object } => {
    const whole = {
      entryPoints: { web: { address: '127.0.0.1:0', transport: { lifeCycle: { graceTimeOut: '3s' } } } },
      providers: { providersThrottleDuration: 0, file: { filename: dynamicFile } },
      log: { level: 'ERROR', filePath: `${folder.path}/sluice.log` },
      workers: 2,
      ...plan.static,
      ...more,
    }
    const configuration = staticConfiguration(JSON.stringify(whole))
    return { configuration, file: undefined, servesWhoami: false, problems: [] }
  }
  let current = settings()
  const supervisor = new Supervisor({
    settings: current,
    load: async () => current,
    command: [executable, 'worker'],
    log: silentLog,
    openLog: () => silentLog,
  })
  const bound: readonly BoundEntryPoint[] = await supervisor.start()
  const port = portsOf(bound).get('web')!
  return {
    supervisor,
    folder,
    port,
    reconfigure: async (dynamic: unknown) => void (await folder.write('dynamic.yaml', asText(dynamic))),
    /** What the static configuration will be at the next reload. */
    change: (more: Readonly<Record<string, unknown>>) => {
      current = settings(more)
    },
    pids: async () => (await supervisor.status()).map(({ pid }) => pid),
    [Symbol.asyncDispose]: async () => {
      await supervisor.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export type Supervised = Awaited<ReturnType<typeof startSupervised>>

export interface Spread extends Disposable {
  readonly clients: readonly RawClient[]
  readonly status: readonly WorkerStatus[]
}

/** Connections, at least one to each worker: which one accepts is the kernel's choice. */
export async function connectToAll({ supervisor, port }: Supervised): Promise<Spread> {
  const clients: RawClient[] = []
  const connectionsOf = (all: readonly WorkerStatus[]) => all.reduce((sum, { connections }) => sum + connections, 0)
  let status = await supervisor.status()
  const before = connectionsOf(status)
  await eventually(async () => {
    for (let count = 0; count < 8; count++) clients.push(await rawClient(port))
    status = await supervisor.status()
    return connectionsOf(status) === before + clients.length && status.every(({ connections }) => connections > 0)
  }, 'connections at every worker')
  return {
    clients,
    status,
    [Symbol.dispose]: () => {
      for (const client of clients) client[Symbol.dispose]()
    },
  }
}

/** The status that each of several connections is answered with. */
export async function statusAtAll(clients: readonly RawClient[], path = '/'): Promise<ReadonlySet<number>> {
  const all = clients.map(async (client) => {
    const before = client.bytes.length
    client.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    await client.waitFor((bytes) => bytes.subarray(before).includes('\r\n\r\n'))
    return Number(/^HTTP\/1\.1 (\d+)/.exec(client.bytes.subarray(before).toString('latin1'))?.[1])
  })
  return new Set(await Promise.all(all))
}
