import { formatProblem, type Problem } from '../config/problem.ts'
import type { Log } from '../observe/log.ts'

/** Logs what workers find wrong with the configuration: once, although each of them says it. */
export class ProblemBoard<Worker> {
  readonly #log: Log
  readonly #byWorker = new Map<Worker, ReadonlySet<string>>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Everything that a worker finds wrong at the moment. */
  set(worker: Worker, problems: readonly Problem[]): void {
    const texts = new Set<string>()
    for (const problem of problems) {
      const text = formatProblem(problem)
      texts.add(text)
      if (!this.#isKnown(text)) this.#log[problem.severity === 'error' ? 'error' : 'warn'](text)
    }
    this.#byWorker.set(worker, texts)
  }

  forget(worker: Worker): void {
    this.#byWorker.delete(worker)
  }

  #isKnown(text: string): boolean {
    return [...this.#byWorker.values()].some((texts) => texts.has(text))
  }
}
