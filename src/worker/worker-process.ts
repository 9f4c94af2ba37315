import type { BoundEntryPoint } from '../app.ts'
import type { Order, Report, WorkerCounts } from './messages.ts'

/** How the first part of a process's life has ended. */
export type Start =
  | { readonly kind: 'listening'; readonly bound: readonly BoundEntryPoint[] }
  | { readonly kind: 'failed'; readonly reason: string }

export interface WorkerProcessOptions {
  readonly command: readonly string[]
  /** Called when it can be told what to do. */
  readonly hello: (process: WorkerProcess) => void
  /** What it reports besides its start and its status. */
  readonly hear: (report: Report, from: WorkerProcess) => void
}

export interface WorkerStatus extends WorkerCounts {
  readonly worker: number
  readonly pid: number
  readonly uptimeMs: number
}

const answerTimeoutMs = 1000

/** One process of the same executable, from its start to its end, and the channel to it. */
export class WorkerProcess {
  readonly pid: number
  /** Never rejects. */
  readonly started: Promise<Start>
  /** How it has ended: `exit code 1`, `signal SIGKILL`. Never rejects. */
  readonly ended: Promise<string>
  readonly #options: WorkerProcessOptions
  readonly #child: Bun.Subprocess
  readonly #startedAt = performance.now()
  readonly #settleStart: (start: Start) => void
  readonly #questions = new Map<number, (counts: WorkerCounts | undefined) => void>()
  #lastQuestion = 0
  /** Orders for a process that does not listen to them yet: they would be lost. Undefined once it does. */
  #early: Order[] | undefined = []
  #hasEnded = false

  constructor(options: WorkerProcessOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<Start>()
    this.started = promise
    this.#settleStart = resolve
    const [program = '', ...rest] = options.command
    this.#child = Bun.spawn([program, ...rest], {
      argv0: 'sluice',
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc: (report: Report) => this.#hear(report),
    })
    this.pid = this.#child.pid
    this.ended = this.#child.exited.then(() => this.#end())
  }

  get livedMs(): number {
    return performance.now() - this.#startedAt
  }

  send(order: Order): void {
    if (this.#hasEnded) return
    if (this.#early !== undefined) {
      this.#early.push(order)
      return
    }
    try {
      this.#child.send(order)
    } catch {
      // The channel closes a moment before the exit is known.
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Undefined from a process that has ended or does not answer. */
  counts(): Promise<WorkerCounts | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined)
    const question = ++this.#lastQuestion
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(undefined), answerTimeoutMs)
      const answer = (counts: WorkerCounts | undefined) => {
        clearTimeout(timer)
        this.#questions.delete(question)
        resolve(counts)
      }
      this.#questions.set(question, answer)
      this.send({ kind: 'tellStatus', question })
    })
  }

  #hear(report: Report): void {
    switch (report.kind) {
      case 'hello':
        return this.#listen()
      case 'listening':
      case 'failed':
        return this.#settleStart(report)
      case 'status':
        return this.#questions.get(report.question)?.(report)
      case 'problems':
      case 'verdict':
        return this.#options.hear(report, this)
    }
  }

  #listen(): void {
    const early = this.#early ?? []
    this.#early = undefined
    this.#options.hello(this)
    for (const order of early) this.send(order)
  }

  #end(): string {
    this.#hasEnded = true
    const { exitCode, signalCode } = this.#child
    const how = signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`
    this.#settleStart({ kind: 'failed', reason: `worker ${this.pid} ended with ${how} before it listened` })
    for (const answer of this.#questions.values()) answer(undefined)
    return how
  }
}
