import type { StaticConfiguration } from '../config/static.ts'
import { createLog, writeStandardError, type Log } from './log.ts'
import { openLogWriter } from './log-writer.ts'

/** The log that the configuration asks for. Throws an Error with a plain message when its file can't be opened. */
export function openProcessLog({ level, format, noColor, filePath }: StaticConfiguration['log']): Log {
  return createLog({
    level,
    format,
    noColor: noColor || filePath !== undefined || process.stderr.isTTY !== true,
    write: filePath === undefined ? writeStandardError : openLogWriter(filePath),
  })
}

/** The last net: a fault that no layer has caught is logged, and the process goes on serving everybody else. */
export function guardProcess(log: Log): void {
  const report = (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    log.error(`unexpected: ${error.message}`, { stack: error.stack })
  }
  process.on('uncaughtException', report)
  process.on('unhandledRejection', report)
}
