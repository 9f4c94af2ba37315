import { availableParallelism } from 'node:os'
import type { BoundEntryPoint } from '../app.ts'
import { formatProblem, type Problem } from '../config/problem.ts'
import type { StaticConfiguration } from '../config/static.ts'
import type { Log } from '../observe/log.ts'
import { findTakenAddress, keptPorts, type Ports } from './entry-points.ts'
import { Generation, type Settings } from './generation.ts'
import { Lead } from './lead.ts'
import type { WorkerProcess, WorkerStatus } from './worker-process.ts'

export interface SupervisorOptions {
  readonly settings: Settings
  /** Reads the static configuration again, where it was read before. */
  readonly load: () => Promise<LoadedSettings>
  /** Starts a worker: this executable, told to be one. */
  readonly command: readonly string[]
  readonly log: Log
  /** For a new static configuration that wants another log. */
  readonly openLog: (configuration: StaticConfiguration['log']) => Log
}

export interface LoadedSettings extends Omit<Settings, 'configuration'> {
  /** Undefined when there is any error. */
  readonly configuration: StaticConfiguration | undefined
  readonly problems: readonly Problem[]
}

/** How many processes are to serve. */
export function workerCount({ workers }: StaticConfiguration): number {
  return workers === 'auto' ? availableParallelism() : workers
}

/**
 * Keeps a number of processes of the same executable running that share every entry point through SO_REUSEPORT: the
 * kernel spreads new connections over them. The supervisor itself handles no connection. It reads all configuration and
 * hands it out, so that no two workers differ for longer than a message takes.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #lead = new Lead<WorkerProcess>()
  #log: Log
  #current: Generation
  /** The one that takes over, or is taken over, while a new static configuration is rolled out. */
  #other: Generation | undefined
  #reloading: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#log = options.log
    this.#current = this.#generation(options.settings, new Map())
  }

  /** Resolves when every worker listens on every entry point. Rejects, with nothing left, when none can. */
  start(): Promise<readonly BoundEntryPoint[]> {
    const starting = this.#start()
    this.#reloading = starting.then(
      () => {},
      () => {},
    )
    return starting
  }

  /** Reads all configuration again (SIGHUP), one reload after the other. Never rejects. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading
      .then(() => this.#reload())
      .catch((thrown: unknown) => {
        const reason = thrown instanceof Error ? thrown.message : String(thrown)
        this.#log.error('the new static configuration can not be served; nothing has changed', { reason })
      })
    return this.#reloading
  }

  /** Goes on in new log files (SIGUSR1). */
  reopenLogs(): void {
    for (const generation of this.#generations()) generation.send({ kind: 'reopenLogs' })
  }

  /** Drains every worker. Asked again, it is the same stop. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    for (const generation of this.#generations()) generation.send({ kind: 'terminate' })
    await Promise.all(this.#generations().map((generation) => generation.close()))
  }

  async status(): Promise<WorkerStatus[]> {
    const all = await Promise.all(this.#generations().map((generation) => generation.status()))
    return all.flat()
  }

  async #start(): Promise<readonly BoundEntryPoint[]> {
    const { configuration } = this.#current.settings
    const taken = findTakenAddress(configuration, new Map())
    if (taken !== undefined) throw new Error(taken)
    const bound = await this.#current.openFirst()
    if (this.#stopping !== undefined) return bound
    const others = Array.from({ length: workerCount(configuration) - 1 }, () => this.#current.add())
    await Promise.all(others.map(({ started }) => started))
    return bound
  }

  #generations(): Generation[] {
    return this.#other === undefined ? [this.#current] : [this.#current, this.#other]
  }

  #generation(settings: Settings, ports: Ports): Generation {
    return new Generation({ settings, ports, command: this.#options.command, lead: this.#lead, log: this.#log })
  }

  async #reload(): Promise<void> {
    const { configuration, problems, file, servesWhoami } = await this.#options.load()
    if (this.#stopping !== undefined) return
    for (const problem of problems) this.#log[problem.severity === 'error' ? 'error' : 'warn'](formatProblem(problem))
    if (configuration === undefined) {
      this.#log.error('the static configuration has mistakes, so nothing changes')
      return
    }
    const settings = { configuration, file, servesWhoami }
    if (isSame(settings, this.#current.settings)) return this.#current.reload()
    await this.#replace(settings)
  }

  /** The first new worker must listen before anything that runs is touched; then they take over one by one. */
  async #replace(settings: Settings): Promise<void> {
    const old = this.#current
    const kept = keptPorts(settings.configuration, old.settings.configuration, old.ports)
    const taken = findTakenAddress(settings.configuration, old.ports)
    if (taken !== undefined) throw new Error(taken)
    if (!Bun.deepEquals(settings.configuration.log, old.settings.configuration.log)) {
      this.#log = this.#options.openLog(settings.configuration.log)
    }
    const next = this.#generation(settings, kept)
    this.#other = next
    await next.openFirst().finally(() => (this.#other = undefined))
    this.#other = old
    this.#current = next
    await this.#takeOver(old, next)
    await old.close()
    this.#other = undefined
    this.#log.info('the new static configuration is served', { workers: next.slots.length })
  }

  async #takeOver(old: Generation, next: Generation): Promise<void> {
    const leaving = [...old.slots]
    const count = workerCount(next.settings.configuration)
    for (let started = 1; this.#stopping === undefined; started++) {
      const slot = leaving.shift()
      if (slot !== undefined) await old.drain(slot)
      if (started >= count) return
      await next.add().started
    }
  }
}

function isSame(one: Settings, other: Settings): boolean {
  if (one.file !== other.file || one.servesWhoami !== other.servesWhoami) return false
  return Bun.deepEquals(one.configuration, other.configuration)
}
