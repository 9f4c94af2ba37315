/** A stream for one reader who wants the newest value only: a value that nobody has taken yet is replaced. */
export class Latest<T> implements AsyncIterable<T> {
  #pending: { readonly value: T } | undefined
  #closed = false
  #wake: (() => void) | undefined

  put(value: T): void {
    if (this.#closed) return
    this.#pending = { value }
    this.#wake?.()
  }

  /** The reader's loop ends; a value not taken yet is dropped. */
  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.#pending === undefined && !this.#closed) await this.#change()
      const pending = this.#pending
      if (pending === undefined || this.#closed) return
      this.#pending = undefined
      yield pending.value
    }
  }

  #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }
}
