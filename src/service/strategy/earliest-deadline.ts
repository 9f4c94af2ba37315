import type { Candidate } from './define.ts'

interface Entry<C> {
  readonly candidate: C
  readonly interval: number
  deadline: number
  /** Among equal deadlines, who has waited longest goes first. */
  since: number
}

/**
 * Weighted round robin by earliest deadline, as Traefik has it: each candidate is due again 1/weight after its turn, so
 * weights 3:1 give A A B A and never a run of three and one. Who is down when its turn comes waits outside the heap, so
 * that a heavy candidate which is down costs nothing.
 */
export class EarliestDeadline<C extends Candidate> {
  readonly #heap: Entry<C>[] = []
  readonly #only: C | undefined
  #down: Entry<C>[] = []
  #now = 0
  #turn = 0

  constructor(candidates: readonly C[]) {
    const usable = candidates.filter(({ weight }) => weight > 0)
    for (const candidate of usable) this.#push(candidate, 1 / candidate.weight)
    this.#only = usable.length === 1 ? usable[0]! : undefined
  }

  /** The next candidate, or undefined when there is none. */
  next(): C | undefined {
    if (this.#only !== undefined) return this.#only.isUp ? this.#only : undefined
    if (this.#down.length > 0) this.#readmit()
    for (let entry = this.#heap[0]; entry !== undefined; entry = this.#heap[0]) {
      if (entry.candidate.isUp) return this.#take(entry)
      this.#removeFirst()
      this.#down.push(entry)
    }
    return undefined
  }

  #take(entry: Entry<C>): C {
    this.#now = entry.deadline
    entry.deadline += entry.interval
    entry.since = this.#turn++
    this.#sink(0)
    return entry.candidate
  }

  /** Who is up again is due as if it had just had its turn: it has nothing to catch up on. */
  #readmit(): void {
    const isBack = this.#down.filter(({ candidate }) => candidate.isUp)
    if (isBack.length === 0) return
    this.#down = this.#down.filter(({ candidate }) => !candidate.isUp)
    for (const { candidate, interval } of isBack) this.#push(candidate, interval)
  }

  #push(candidate: C, interval: number): void {
    const heap = this.#heap
    heap.push({ candidate, interval, deadline: this.#now + interval, since: this.#turn++ })
    let at = heap.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at]!, heap[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #sink(from: number): void {
    const heap = this.#heap
    let at = from
    while (true) {
      const left = 2 * at + 1
      const right = left + 1
      let first = at
      if (left < heap.length && isBefore(heap[left]!, heap[first]!)) first = left
      if (right < heap.length && isBefore(heap[right]!, heap[first]!)) first = right
      if (first === at) return
      this.#swap(at, first)
      at = first
    }
  }

  #swap(left: number, right: number): void {
    const entry = this.#heap[left]!
    this.#heap[left] = this.#heap[right]!
    this.#heap[right] = entry
  }
}

function isBefore<C>(left: Entry<C>, right: Entry<C>): boolean {
  return left.deadline < right.deadline || (left.deadline === right.deadline && left.since < right.since)
}
