import { writeFileSync } from 'node:fs'
import { App, type Supervision } from '../app.ts'
import type { Log } from '../observe/log.ts'
import { guardProcess, openProcessLog } from '../observe/process-log.ts'
import { CheckCircle } from './check-circle.ts'
import { HandedProvider } from './handed-provider.ts'
import type { Order, Report, StartOrder } from './messages.ts'

/** `sluice worker`: one of several processes that serve the same configuration. Gives the exit code. */
export async function runWorker(): Promise<number> {
  const send = process.send?.bind(process)
  if (send === undefined) {
    console.error('sluice: a worker is started by sluice itself, for `workers` in the static configuration')
    return 2
  }
  showName()
  // A terminal and a service manager send these to the whole group. The supervisor tells when and how to act on them.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {})
  const worker = new Worker((report) => {
    if (process.connected) send(report)
  })
  process.on('message', (order: Order) => worker.obey(order))
  // Without a supervisor nobody would replace it, hand it a new configuration, or end it.
  process.on('disconnect', () => void worker.drain())
  worker.report({ kind: 'hello' })
  return worker.ended
}

/** Started as /proc/self/exe it would be called `exe` in lists of processes. Only Linux has that name, and this file. */
function showName(): void {
  try {
    writeFileSync('/proc/self/comm', 'sluice')
  } catch {
    // Then it has the executable's own name.
  }
}

class Worker {
  readonly report: (report: Report) => void
  readonly ended: Promise<number>
  readonly #end: (code: number) => void
  readonly #checks: CheckCircle
  #providers: ReadonlyMap<string, HandedProvider> = new Map()
  /** Undefined until it listens. */
  #app: App | undefined
  #requests = 0
  #isDraining = false

  constructor(report: (report: Report) => void) {
    this.report = report
    this.#checks = new CheckCircle(report)
    const { promise, resolve } = Promise.withResolvers<number>()
    this.ended = promise
    this.#end = resolve
  }

  obey(order: Order): void {
    switch (order.kind) {
      case 'start':
        return void this.#start(order)
      case 'elements':
        return this.#providers.get(order.provider)?.takeElements(order)
      case 'update':
        return this.#providers.get(order.provider)?.takeUpdate(order)
      case 'tellStatus':
        return this.#tellStatus(order.question)
      case 'reopenLogs':
        return void this.#app?.reopenLogs()
      case 'lead':
        return this.#checks.lead()
      case 'verdict':
        return this.#checks.hear(order)
      case 'terminate':
        return this.#app?.terminate()
      case 'drain':
        return void this.drain()
    }
  }

  /** Lets what is in progress end, then ends. A worker that does not listen yet has nothing in progress. */
  async drain(): Promise<void> {
    if (this.#isDraining) return
    this.#isDraining = true
    try {
      await this.#app?.close()
    } finally {
      this.#end(0)
    }
  }

  async #start(order: StartOrder): Promise<void> {
    try {
      const log = openProcessLog(order.configuration.log).with({ worker: order.number })
      guardProcess(log)
      this.#providers = new Map(order.providers.map((named) => [named.name, new HandedProvider(named, log)]))
      const app = this.#build(order, log)
      const bound = await app.start()
      this.#app = app
      this.report({ kind: 'listening', bound })
    } catch (thrown) {
      this.report({ kind: 'failed', reason: thrown instanceof Error ? thrown.message : String(thrown) })
      this.#end(1)
    }
  }

  #build({ configuration, staticFile, servesWhoami }: StartOrder, log: Log): App {
    const supervision: Supervision = {
      providers: [...this.#providers.values()],
      tellProblems: (problems) => this.report({ kind: 'problems', problems }),
      runCheck: this.#checks.run,
    }
    const app = new App({ configuration, staticFile, environment: process.env, servesWhoami, log, supervision })
    app.exchanges.subscribe(() => {
      this.#requests += 1
    })
    return app
  }

  #tellStatus(question: number): void {
    const connections = this.#app?.connectionCount ?? 0
    this.report({ kind: 'status', question, connections, requests: this.#requests })
  }
}
