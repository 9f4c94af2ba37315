/** Looks every millisecond how long the event loop was held since the last look. */
export class StallProbe {
  readonly #stalls: Stall[] = []
  readonly #timer: ReturnType<typeof setInterval>
  #lastAt = performance.now()
  #lastCpu = process.cpuUsage()

  constructor() {
    this.#timer = setInterval(() => this.#look(), 1)
  }

  /** The longest stalls since the last call, longest first. */
  take(): readonly Stall[] {
    return this.#stalls.splice(0).toSorted((a, b) => b.ms - a.ms)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    const cpu = process.cpuUsage(this.#lastCpu)
    this.#stalls.push({ ms: now - this.#lastAt - 1, cpuMs: (cpu.user + cpu.system) / 1000 })
    this.#lastAt = now
    this.#lastCpu = process.cpuUsage()
  }
}

/** `cpuMs` is of all threads: a stall with less of it than its length has waited for a core. */
export interface Stall {
  readonly ms: number
  readonly cpuMs: number
}
