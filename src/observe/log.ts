import { writeSync } from 'node:fs'

/** Traefik's names, as the configuration gives them; nothing is written at FATAL and PANIC. */
export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL' | 'PANIC'
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>
type Write = (message: string, fields?: LogFields) => void

/** The process log, handed on as a value. A method below the level is an empty function. */
export interface Log {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  /** The same log with these fields in every entry; an entry's own field of the same name wins. */
  with(fields: LogFields): Log
}

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'common' | 'json'
  readonly noColor: boolean
  /** Takes one whole entry, line feed included. */
  readonly write: (entry: string) => void
}

type WrittenLevel = 'debug' | 'info' | 'warn' | 'error'
type Entry = { level: WrittenLevel; time: string; message: string; fields: LogFields }

const threshold = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5, PANIC: 6 }
const severity = { debug: 1, info: 2, warn: 3, error: 4 }

export function createLog(options: LogOptions): Log {
  const format = options.format === 'json' ? formatJson : options.noColor ? formatPlain : formatColoured
  return buildLog(options, format, {})
}

/** A log that keeps nothing. */
export const silentLog: Log = createLog({ level: 'PANIC', format: 'common', noColor: true, write: () => {} })

function buildLog(options: LogOptions, format: (entry: Entry) => string, common: LogFields): Log {
  const at = (level: WrittenLevel): Write => {
    if (severity[level] < threshold[options.level]) return () => {}
    return (message, fields) => {
      options.write(format({ level, time: entryTime(), message, fields: { ...common, ...fields } }))
    }
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => buildLog(options, format, { ...common, ...fields }),
  }
}

/** Writes to standard error. A reader that has gone away or does not keep up costs the entry, never the process. */
export function writeStandardError(entry: string): void {
  const bytes = Buffer.from(entry)
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(2, bytes, at)
  } catch {
    return
  }
}

function entryTime(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}

function formatJson({ level, time, message, fields }: Entry): string {
  return `${escapeBeyondAscii(JSON.stringify({ ...fields, level, time, message }))}\n`
}

const abbreviation = { debug: 'DBG', info: 'INF', warn: 'WRN', error: 'ERR' }
const colour = { debug: 35, info: 32, warn: 33, error: 31 }

function formatPlain({ level, time, message, fields }: Entry): string {
  let entry = `${time} ${abbreviation[level]} ${escapeControls(message)}`
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) entry += ` ${name}=${fieldText(value)}`
  }
  return `${entry}\n`
}

function formatColoured({ level, time, message, fields }: Entry): string {
  const label = painted(colour[level], abbreviation[level])
  let entry = `${painted(90, time)} ${label} ${escapeControls(message)}`
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) entry += ` ${painted(36, `${name}=`)}${fieldText(value)}`
  }
  return `${entry}\n`
}

function painted(code: number, text: string): string {
  return `\x1b[${code}m${text}\x1b[0m`
}

/** Quoted where a reader could not tell the value's end otherwise. */
function fieldText(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  if (value !== '' && !/[\s"=\\]/.test(value)) return escapeControls(value)
  return escapeBeyondAscii(JSON.stringify(value))
}

// Besides C0 and DEL: C1 (an eight-bit terminal takes U+009B for ESC [), line and paragraph separators, and the
// marks that turn the reading direction, all of which let a peer forge or hide what a person reads.
const controls = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/
const everyControl = new RegExp(controls, 'g')

/** Makes text from a peer safe to print on one line: `\x1b`, `\u2028`. */
export function escapeControls(text: string): string {
  if (!controls.test(text)) return text
  return text.replace(everyControl, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character)
  })
}

/** The same for JSON text, in which C0 characters are escaped already and only `\u` escapes exist. */
export function escapeBeyondAscii(json: string): string {
  return controls.test(json) ? json.replace(everyControl, unicodeEscape) : json
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
