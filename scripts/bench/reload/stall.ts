/** Looks every millisecond how long the event loop was held since the last look. */
export class StallProbe {
  readonly #stalls: Stall[] = []
  readonly #timer: ReturnType<typeof setInterval>
  #lastAt = performance.now()
  #lastCpu = process.threadCpuUsage()

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
    const cpu = process.threadCpuUsage(this.#lastCpu)
    this.#stalls.push({ ms: now - this.#lastAt - 1, cpuMs: (cpu.user + cpu.system) / 1000 })
    this.#lastAt = now
    this.#lastCpu = process.threadCpuUsage()
  }
}

/** `cpuMs` is of the event loop's own thread: where it is less than the stall, the thread has waited for a core. */
export interface Stall {
  readonly ms: number
  readonly cpuMs: number
}
