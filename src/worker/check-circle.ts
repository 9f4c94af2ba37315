import { probeRegularly, type Probed, type RunCheck } from '../service/health/check.ts'
import type { Verdict } from '../service/health/probe.ts'
import type { VerdictMessage } from './messages.ts'

interface OpenCheck {
  readonly probed: Probed
  readonly report: (verdict: Verdict) => void
  /** Undefined where another worker probes. */
  stop: (() => void) | undefined
}

/** Health checks of a group of workers: the one that leads probes and tells its verdicts, the others go by them. */
export class CheckCircle {
  readonly #tell: (message: VerdictMessage) => void
  readonly #probe: RunCheck
  readonly #checks = new Map<string, OpenCheck>()
  /** What was heard last, for checks that open later. */
  readonly #heard = new Map<string, Verdict>()
  #isLeading = false

  constructor(tell: (message: VerdictMessage) => void, probe: RunCheck = probeRegularly) {
    this.#tell = tell
    this.#probe = probe
  }

  readonly run: RunCheck = (probed, report) => {
    const check: OpenCheck = { probed, report, stop: undefined }
    this.#checks.set(probed.key, check)
    const heard = this.#heard.get(probed.key)
    if (heard !== undefined) report(heard)
    if (this.#isLeading) this.#start(check)
    return () => this.#close(check)
  }

  /** From now on this worker probes. */
  lead(): void {
    if (this.#isLeading) return
    this.#isLeading = true
    for (const check of this.#checks.values()) this.#start(check)
  }

  /** What the worker that leads has found out. */
  hear({ check, verdict }: VerdictMessage): void {
    if (verdict === undefined) {
      this.#heard.delete(check)
      return
    }
    this.#heard.set(check, verdict)
    this.#checks.get(check)?.report(verdict)
  }

  #start(check: OpenCheck): void {
    const { key } = check.probed
    check.stop = this.#probe(check.probed, (verdict) => {
      check.report(verdict)
      this.#tell({ kind: 'verdict', check: key, verdict })
    })
  }

  #close(check: OpenCheck): void {
    const { key } = check.probed
    this.#checks.delete(key)
    if (check.stop === undefined) return
    check.stop()
    this.#tell({ kind: 'verdict', check: key, verdict: undefined })
  }
}
