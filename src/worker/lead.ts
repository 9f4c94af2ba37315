import type { VerdictMessage } from './messages.ts'

/** A worker as far as leading is concerned. */
export interface Follower {
  send(order: VerdictMessage | { readonly kind: 'lead' }): void
}

/** Sees to it that one of the workers leads, and passes on what it finds out about the health of servers. */
export class Lead<Worker extends Follower> {
  /** The oldest first: the likeliest to stay. */
  #workers: readonly Worker[] = []
  #leader: Worker | undefined
  readonly #verdicts = new Map<string, VerdictMessage>()

  /** Takes in a new worker: before its first snapshot, so that it sends nothing to servers that are known to be down. */
  join(worker: Worker): void {
    this.#workers = [...this.#workers, worker]
    for (const verdict of this.#verdicts.values()) worker.send(verdict)
    this.#appoint()
  }

  /** Of a worker that drains or has ended. */
  leave(worker: Worker): void {
    this.#workers = this.#workers.filter((other) => other !== worker)
    if (this.#leader !== worker) return
    this.#leader = undefined
    this.#appoint()
  }

  /** What one worker says; whoever does not lead any more is not listened to. */
  relay(message: VerdictMessage, from: Worker): void {
    if (from !== this.#leader) return
    if (message.verdict === undefined) this.#verdicts.delete(message.check)
    else this.#verdicts.set(message.check, message)
    for (const worker of this.#workers) if (worker !== from) worker.send(message)
  }

  #appoint(): void {
    if (this.#leader !== undefined) return
    this.#leader = this.#workers[0]
    this.#leader?.send({ kind: 'lead' })
  }
}
