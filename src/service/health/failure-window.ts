import { duration, integer, object, refine, withDefault, type Infer } from '../../config/schema.ts'

const seconds = 1000

/** `passiveHealthCheck`: goes by the answers that clients' requests get. */
export const passiveHealthCheck = object({
  failureWindow: withDefault(
    refine(duration, (value) => (value > 0 ? undefined : 'must be more than zero')),
    10 * seconds,
  ),
  maxFailedAttempts: withDefault(integer({ min: 1, max: 1000 }), 1),
})

export type PassiveHealthCheck = Infer<typeof passiveHealthCheck>

/** The moments of the latest failures; a success wipes them out. */
export class FailureWindow {
  readonly #options: PassiveHealthCheck
  #failedAt: number[] = []

  constructor(options: PassiveHealthCheck) {
    this.#options = options
  }

  /** True when there are now as many failures within the window as make a server count as down. */
  add(nowMs: number): boolean {
    const { failureWindow, maxFailedAttempts } = this.#options
    const recent = this.#failedAt.filter((at) => at > nowMs - failureWindow)
    this.#failedAt = [...recent, nowMs].slice(-maxFailedAttempts)
    return this.#failedAt.length >= maxFailedAttempts
  }

  clear(): void {
    if (this.#failedAt.length > 0) this.#failedAt = []
  }
}
