import type { BoundEntryPoint } from '../app.ts'
import { decodeDynamicSteps } from '../config/dynamic.ts'
import type { StaticConfiguration } from '../config/static.ts'
import type { Log } from '../observe/log.ts'
import { configuredProviders } from '../provider/configured.ts'
import type { Provider, ProviderUpdate } from '../provider/define.ts'
import { watchProviders, type Watch } from '../snapshot/watch.ts'
import { portsOf, withSharedEntryPoints, type Ports } from './entry-points.ts'
import { handOut } from './hand-out.ts'
import type { Lead } from './lead.ts'
import type { Order } from './messages.ts'
import { ProblemBoard } from './problem-board.ts'
import { Slot } from './slot.ts'
import { WorkerProcess, type WorkerStatus } from './worker-process.ts'

/** A static configuration and what goes with it. */
export interface Settings {
  readonly configuration: StaticConfiguration
  /** Path of the file that it came from, if any. */
  readonly file: string | undefined
  readonly servesWhoami: boolean
}

export interface GenerationOptions {
  readonly settings: Settings
  /** For entry points of port 0 that stay where they are. */
  readonly ports: Ports
  /** Starts a worker. */
  readonly command: readonly string[]
  readonly lead: Lead<WorkerProcess>
  readonly log: Log
}

/** Time to flush logs and spans after the last request. */
const farewellMs = 10_000

/** All workers that serve one static configuration, and the providers whose documents are handed to them. */
export class Generation {
  readonly settings: Settings
  readonly #options: GenerationOptions
  readonly #log: Log
  readonly #providers: readonly Provider[]
  readonly #problems: ProblemBoard<WorkerProcess>
  #slots: readonly Slot[] = []
  #lastNumber = 0
  /** Every process that has said hello and not ended. */
  readonly #processes = new Set<WorkerProcess>()
  #watch: Watch | undefined
  #updates: ReadonlyMap<string, ProviderUpdate> = new Map()
  #ports: Ports
  #isClosed = false

  constructor(options: GenerationOptions) {
    const { settings, ports, log } = options
    this.settings = settings
    this.#options = options
    this.#log = log
    this.#ports = ports
    this.#problems = new ProblemBoard(log)
    const { configuration, file } = settings
    const scope = { decode: decodeDynamicSteps, log, environment: process.env, staticFile: file }
    this.#providers = configuredProviders(configuration.providers, scope)
  }

  get ports(): Ports {
    return this.#ports
  }

  get slots(): readonly Slot[] {
    return this.#slots
  }

  /**
   * Starts the first worker, which shows whether the configuration can be served and picks the ports that are 0. Throws
   * an Error with a plain message when it can't; then nothing is left.
   */
  async openFirst(): Promise<readonly BoundEntryPoint[]> {
    this.#watch = watchProviders({
      providers: this.#providers,
      throttleMs: this.settings.configuration.providers.providersThrottleDuration,
      apply: (_, updates) => this.#handOut(updates),
      log: this.#log,
    })
    await this.#watch.ready
    if (this.#isClosed) throw new Error('stopped while starting')
    const start = await this.add(true).started
    if (start.kind === 'failed') {
      await this.close()
      throw new Error(start.reason)
    }
    this.#ports = portsOf(start.bound)
    return start.bound
  }

  /** Starts one more worker. */
  add(isTrial = false): Slot {
    const number = ++this.#lastNumber
    const slot = new Slot({ number, isTrial, launch: () => this.#launch(number), log: this.#log })
    this.#slots = [...this.#slots, slot]
    return slot
  }

  /** Lets a worker end what is in progress; it is not replaced. */
  async drain(slot: Slot): Promise<void> {
    const { listening } = slot
    if (listening !== undefined) this.#options.lead.leave(listening)
    await slot.drain(this.#longestDrainMs())
    this.#slots = this.#slots.filter((other) => other !== slot)
  }

  /** Reads the dynamic configuration again. */
  reload(): void {
    this.#watch?.reload()
  }

  send(order: Order): void {
    for (const process of this.#processes) process.send(order)
  }

  /** Drains all workers at once. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#watch?.close(), ...this.#slots.map((slot) => this.drain(slot))])
  }

  status(): Promise<WorkerStatus[]> {
    return Promise.all(this.#slots.map((slot) => slot.status()))
  }

  #launch(number: number): WorkerProcess {
    const { command, lead } = this.#options
    const worker = new WorkerProcess({
      command,
      hello: () => this.#welcome(number, worker),
      hear: (report) => {
        if (report.kind === 'verdict') lead.relay(report, worker)
        if (report.kind === 'problems') this.#problems.set(worker, report.problems)
      },
    })
    void worker.ended.then(() => {
      this.#processes.delete(worker)
      this.#problems.forget(worker)
      lead.leave(worker)
    })
    return worker
  }

  #welcome(number: number, worker: WorkerProcess): void {
    const { configuration, file, servesWhoami } = this.settings
    worker.send({
      kind: 'start',
      number,
      staticFile: file,
      servesWhoami,
      configuration: withSharedEntryPoints(configuration, this.#ports),
      providers: this.#providers.map(({ name, isLocal }) => ({ name, isLocal })),
    })
    this.#options.lead.join(worker)
    for (const order of ordersFor(this.#updates)) worker.send(order)
    this.#processes.add(worker)
  }

  #handOut(updates: ReadonlyMap<string, ProviderUpdate>): void {
    const news = new Map([...updates].filter(([name, update]) => update !== this.#updates.get(name)))
    this.#updates = updates
    for (const order of ordersFor(news)) this.send(order)
  }

  #longestDrainMs(): number {
    const times = [...this.settings.configuration.entryPoints.values()].map(({ transport }) => {
      return transport.lifeCycle.requestAcceptGraceTimeout + transport.lifeCycle.graceTimeOut
    })
    return Math.max(0, ...times) + farewellMs
  }
}

function ordersFor(updates: ReadonlyMap<string, ProviderUpdate>): Order[] {
  return [...updates].flatMap(([name, update]) => handOut(name, update))
}
