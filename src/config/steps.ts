import { setImmediate } from 'node:timers/promises'

/**
 * Long work cut into steps: a generator that yields wherever others may have a turn. The same work is done at once
 * where nobody waits (`sluice check`, a test), and in slices while requests are being served.
 */
export type Steps<T> = Generator<undefined, T>

/** Does all of it now. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** How long requests wait at most for a slice of work, if no single step is longer. */
const sliceMs = 2

/** Lets every event that waits have its turn after each few milliseconds of work. What is short is done in one go. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const until = performance.now() + sliceMs
    do {
      const step = steps.next()
      if (step.done === true) return step.value
    } while (performance.now() < until)
    await setImmediate()
  }
}
