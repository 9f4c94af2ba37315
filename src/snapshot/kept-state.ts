/**
 * What is kept from one snapshot to the next (token buckets, circuit states, health), by keys that say whose it is and
 * of which configuration. Each snapshot takes what it needs with `acquire` and gives it back when it is retired; what no
 * snapshot holds any more is forgotten, after its `Symbol.dispose` if it has one.
 */
export class KeptState {
  readonly #held = new Map<string, Held>()

  acquire<T extends object>(key: string, make: () => T): T {
    const held = this.#held.get(key)
    if (held === undefined) {
      const value = make()
      this.#held.set(key, { value, holders: 1 })
      return value
    }
    held.holders += 1
    // The key names the middleware's configuration, so whoever asks by it asks for what `make` makes.
    return held.value as T
  }

  release(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    held.holders -= 1
    if (held.holders > 0) return
    this.#held.delete(key)
    if (isDisposable(held.value)) held.value[Symbol.dispose]()
  }
}

interface Held {
  readonly value: object
  holders: number
}

function isDisposable(value: object): value is Disposable {
  return Symbol.dispose in value
}
