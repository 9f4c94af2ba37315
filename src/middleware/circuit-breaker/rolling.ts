/**
 * The last so many spans of time as a ring of slots, each emptied before it is used again. Times are milliseconds and
 * must not go back.
 */
export class Rolling<Slot> {
  readonly slots: readonly Slot[]
  readonly #slotMs: number
  readonly #empty: (slot: Slot) => void
  /** Number of the span that `at` was last called in, counted from time 0. */
  #span = -Infinity

  constructor(shape: { readonly slots: readonly Slot[]; readonly slotMs: number; empty(slot: Slot): void }) {
    this.slots = shape.slots
    this.#slotMs = shape.slotMs
    this.#empty = shape.empty
  }

  /** The slot of this moment; all that have become too old are empty by then. */
  at(nowMs: number): Slot {
    const span = Math.floor(nowMs / this.#slotMs)
    const passed = Math.min(span - this.#span, this.slots.length)
    for (let back = 0; back < passed; back++) this.#empty(this.#slot(span - back))
    this.#span = Math.max(span, this.#span)
    return this.#slot(this.#span)
  }

  clear(): void {
    for (const slot of this.slots) this.#empty(slot)
  }

  #slot(span: number): Slot {
    const { length } = this.slots
    return this.slots[((span % length) + length) % length]!
  }
}
