import type { Log } from '../observe/log.ts'
import { BackOff } from './back-off.ts'
import type { Order } from './messages.ts'
import type { Start, WorkerProcess, WorkerStatus } from './worker-process.ts'

export interface SlotOptions {
  /** From 1. */
  readonly number: number
  readonly launch: () => WorkerProcess
  /** The first worker of a configuration shows whether it can be served at all: no other follows when it can't start. */
  readonly isTrial: boolean
  readonly log: Log
}

/**
 * One place in the row of workers: whatever happens to the process in it, another one follows.
 *
 *     starting ── listens ──▶ serving ── ends ──▶ waiting ── back-off ──▶ starting
 *     any of them ── drain ──▶ draining ── ends ──▶ empty
 */
export class Slot {
  readonly number: number
  /** Resolves when one of its processes listens, or when that will never be: after a failed trial, or a drain. */
  readonly started: Promise<Start>
  readonly #options: SlotOptions
  readonly #log: Log
  readonly #backOff = new BackOff()
  #process: WorkerProcess
  #isListening = false
  #isDraining = false
  #emptied: Promise<void>
  #wake: () => void = () => {}

  constructor(options: SlotOptions) {
    this.#options = options
    this.number = options.number
    this.#log = options.log.with({ worker: options.number })
    this.#process = options.launch()
    const { promise, resolve } = Promise.withResolvers<Start>()
    this.started = promise
    this.#emptied = this.#keepFilled(resolve).then(() => {
      resolve({ kind: 'failed', reason: 'stopped before it listened' })
    })
  }

  /** The process that serves now. */
  get listening(): WorkerProcess | undefined {
    return this.#isListening && !this.#isDraining ? this.#process : undefined
  }

  send(order: Order): void {
    this.#process.send(order)
  }

  /** Resolves when its process has ended; no other follows. One that has not ended by `killAfterMs` is killed. */
  async drain(killAfterMs: number): Promise<void> {
    this.#isDraining = true
    this.#wake()
    this.#process.send({ kind: 'drain' })
    const timer = setTimeout(() => {
      this.#log.warn('a worker does not end and is killed', { pid: this.#process.pid })
      this.#process.kill()
    }, killAfterMs)
    await this.#emptied
    clearTimeout(timer)
  }

  async status(): Promise<WorkerStatus> {
    const { pid, livedMs } = this.#process
    const counts = await this.#process.counts()
    const { connections = 0, requests = 0 } = counts ?? {}
    return { worker: this.number, pid, uptimeMs: livedMs, connections, requests }
  }

  async #keepFilled(settle: (start: Start) => void): Promise<void> {
    for (let isTrial = this.#options.isTrial; ; isTrial = false) {
      const process = this.#process
      const start = await process.started
      if (start.kind === 'listening') {
        this.#isListening = true
        settle(start)
      } else if (isTrial) {
        settle(start)
        await process.ended
        return
      } else if (!this.#isDraining) {
        this.#log.error(`a worker could not start: ${start.reason}`, { pid: process.pid })
      }
      const how = await process.ended
      this.#isListening = false
      if (this.#isDraining) return
      const restartMs = this.#backOff.next(process.livedMs)
      this.#log.error('a worker has ended, another one follows', { pid: process.pid, how, restartMs })
      await this.#pause(restartMs)
      while (!this.#isDraining && !this.#launch()) await this.#pause(this.#backOff.next(0))
      if (this.#isDraining) return
    }
  }

  /** False when the machine has no room for another process. */
  #launch(): boolean {
    try {
      this.#process = this.#options.launch()
      return true
    } catch (thrown) {
      this.#log.error('no process can be started', {
        reason: thrown instanceof Error ? thrown.message : String(thrown),
      })
      return false
    }
  }

  /** A drain cuts it short. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
