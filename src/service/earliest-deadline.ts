/** One of several that take turns. */
export interface Weighted<T> {
  readonly target: T
  /** 0 or less: never chosen. */
  readonly weight: number
}

interface Entry<T> {
  readonly target: T
  readonly interval: number
  deadline: number
  /** Among equal deadlines, who has waited longest goes first. */
  since: number
}

/**
 * Weighted round robin by earliest deadline, as Traefik has it: each target is due again 1/weight after its turn, so
 * weights 3:1 give A A B A and never a run of three and one.
 */
export class EarliestDeadline<T> {
  readonly #heap: Entry<T>[] = []
  readonly #only: T | undefined
  #turn = 0

  constructor(targets: readonly Weighted<T>[]) {
    const usable = targets.filter(({ weight }) => weight > 0)
    for (const { target, weight } of usable) {
      this.#push({ target, interval: 1 / weight, deadline: 1 / weight, since: this.#turn++ })
    }
    this.#only = usable.length === 1 ? usable[0]!.target : undefined
  }

  /** The next target, or undefined when there is none. */
  next(): T | undefined {
    if (this.#only !== undefined) return this.#only
    const entry = this.#heap[0]
    if (entry === undefined) return undefined
    entry.deadline += entry.interval
    entry.since = this.#turn++
    this.#sink(0)
    return entry.target
  }

  #push(entry: Entry<T>): void {
    const heap = this.#heap
    heap.push(entry)
    let at = heap.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at]!, heap[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
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

function isBefore<T>(left: Entry<T>, right: Entry<T>): boolean {
  return left.deadline < right.deadline || (left.deadline === right.deadline && left.since < right.since)
}
