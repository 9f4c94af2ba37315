import type { Log } from '../observe/log.ts'

/** Resolves at the first SIGTERM or SIGINT; more of them do nothing. */
export function stopSignal(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info('shutting down', { signal })
      resolve()
    })
  }
  return promise
}
