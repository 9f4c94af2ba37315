import { isInRanges } from '../config/status-range.ts'
import type { Exchange } from '../http/exchange.ts'
import type { AccessEntry } from './access-log-fields.ts'
import { commonFormat, genericFormat, type LineFormat } from './access-log-format.ts'
import { jsonFormat } from './access-log-json.ts'
import {
  type AccessLogFilters,
  type AccessLogOptions,
  type FieldSelection,
  selectFields,
} from './access-log-options.ts'
import type { ExchangeListener } from './exchange-stream.ts'
import { LogFile } from './log-file.ts'
import type { Log } from './log.ts'
import { exchangeStatus } from './outcome.ts'

export type { AccessLogOptions } from './access-log-options.ts'

/** Writes a line for every exchange handed to `record`, a listener for the stream of finished exchanges. */
export interface AccessLog {
  readonly record: ExchangeListener
  /** Writes what waits to the old file and goes on in a new one (log rotation). */
  reopen(): Promise<void>
  /** Resolves when every line has been written, or after a few seconds when nobody takes them. */
  close(): Promise<void>
}

const unbufferedIntervalMs = 100
const bufferedIntervalMs = 1000
const closeTimeoutMs = 5000

const formats: Readonly<Record<AccessLogOptions['format'], (selection: FieldSelection) => LineFormat>> = {
  common: commonFormat,
  genericCLF: genericFormat,
  json: jsonFormat,
}

/** Throws an Error with a plain message when the file can't be opened. */
export function createAccessLog(options: AccessLogOptions, log: Log): AccessLog {
  const { bufferingSize, filePath } = options
  const flushIntervalMs = bufferingSize > 0 ? bufferedIntervalMs : unbufferedIntervalMs
  const file = new LogFile({ path: filePath, flushIntervalMs, flushLines: bufferingSize }, log)
  const format = formats[options.format](selectFields(options.fields))
  const passes = buildFilter(options.filters)
  let count = 0
  return {
    record: (exchange) => {
      if (!isLogged(exchange, options.addInternals)) return
      count += 1
      const entry = accessEntry(exchange, count)
      if (passes(entry)) file.write(`${format(entry)}\n`)
    },
    reopen: () => file.reopen(),
    close: () => withinTime(file.close()),
  }
}

function isLogged(exchange: Exchange, addInternals: boolean): boolean {
  if (!exchange.accessLogged) return false
  return addInternals || exchange.serviceName?.endsWith('@internal') !== true
}

function accessEntry(exchange: Exchange, count: number): AccessEntry {
  const durationMs = Math.max(0, (exchange.endedAt ?? Date.now()) - exchange.startedAt)
  return { exchange, request: exchange.request, status: exchangeStatus(exchange), durationMs, count }
}

/** A reader of standard output that hangs must not hold the shutdown. */
function withinTime(done: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, closeTimeoutMs)
    void done.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

type Filter = (entry: AccessEntry) => boolean

/** Traefik's filters; `retryAttempts` never lets anything through there, since no attempt is counted (§5.1). */
function buildFilter(filters: AccessLogFilters | undefined): Filter {
  const ranges = filters?.statusCodes ?? []
  const minDurationMs = filters?.minDuration ?? 0
  if (ranges.length === 0 && minDurationMs === 0 && filters?.retryAttempts !== true) return () => true
  return ({ status, durationMs }) => isInRanges(status, ranges) || (minDurationMs > 0 && durationMs > minDurationMs)
}
