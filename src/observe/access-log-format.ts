import { headerValue } from '../http/headers.ts'
import type { HttpRequest } from '../http/message.ts'
import { type AccessEntry, clientHost, loggedTarget, protocolOf } from './access-log-fields.ts'
import type { FieldSelection } from './access-log-options.ts'
import { escapeControls } from './log.ts'
import { commonLogTime } from './log-time.ts'

/** One line without its line feed. */
export type LineFormat = (entry: AccessEntry) => string

/** Adds the pieces of a line; one join of them all is a third cheaper than adding text to text. */
type Part = (pieces: (string | number)[], entry: AccessEntry) => void

/** Traefik's `common`: the generic line and four fields more. */
export function commonFormat(selection: FieldSelection): LineFormat {
  const addGeneric = genericPart(selection)
  const count = selection.keeps('RequestCount')
  const router = selection.keeps('RouterName')
  const service = selection.keeps('ServiceURL')
  const duration = selection.keeps('Duration')
  return (entry) => {
    const { exchange } = entry
    const pieces: (string | number)[] = []
    addGeneric(pieces, entry)
    pieces.push(' ', count ? entry.count : '-', ' "')
    pieces.push(router ? field(exchange.routerName) : '-', '" "', service ? field(exchange.serverUrl) : '-', '" ')
    pieces.push(duration ? Math.trunc(entry.durationMs) : 0, 'ms')
    return printable(pieces.join(''))
  }
}

export function genericFormat(selection: FieldSelection): LineFormat {
  const addGeneric = genericPart(selection)
  return (entry) => {
    const pieces: (string | number)[] = []
    addGeneric(pieces, entry)
    return printable(pieces.join(''))
  }
}

function genericPart(selection: FieldSelection): Part {
  const time = timeOf(selection)
  const addHead = headPart(selection)
  const host = selection.keeps('ClientHost')
  const username = selection.keeps('ClientUsername')
  const status = selection.keeps('DownstreamStatus')
  const size = selection.keeps('DownstreamContentSize')
  const referer = headerOf(selection, 'Referer')
  const agent = headerOf(selection, 'User-Agent')
  return (pieces, entry) => {
    const { exchange, request } = entry
    pieces.push(host ? field(clientHost(entry)) : '-', ' - ', username ? field(exchange.clientUsername) : '-')
    pieces.push(' [', time(exchange.startedAt), '] "')
    addHead(pieces, entry)
    pieces.push('" ', status ? entry.status : '-', ' ', size ? exchange.responseBytes : '-')
    pieces.push(' "', referer(request), '" "', agent(request), '"')
  }
}

function timeOf(selection: FieldSelection): (epochMs: number) => string {
  if (selection.keeps('StartUTC')) return commonLogTime('utc')
  if (selection.keeps('StartLocal')) return commonLogTime('local')
  return () => '-'
}

function headPart(selection: FieldSelection): Part {
  const { keepsQuery } = selection
  const method = selection.keeps('RequestMethod')
  const path = selection.keeps('RequestPath')
  const protocol = selection.keeps('RequestProtocol')
  return (pieces, { request }) => {
    if (request === undefined) {
      pieces.push('- - -')
      return
    }
    const target = path ? field(loggedTarget(request, keepsQuery)) : '-'
    pieces.push(method ? request.method : '-', ' ', target, ' ', protocol ? protocolOf(request) : '-')
  }
}

function headerOf(selection: FieldSelection, name: string): (request: HttpRequest | undefined) => string {
  const { mode } = selection.header(name)
  const lower = name.toLowerCase()
  if (mode === 'drop') return () => '-'
  return (request) => {
    const value = request === undefined ? undefined : headerValue(request.headers, lower)
    return mode === 'redact' && value !== undefined && value !== '' ? 'REDACTED' : field(value)
  }
}

/** Traefik leaves a quote in the target or user name as it is, which lets a client forge the fields after it. */
function field(text: string | undefined): string {
  if (text === undefined || text === '') return '-'
  return text.includes('"') ? text.replaceAll('"', '\\"') : text
}

const unprintable = /[^\x20-\x7e]/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** Text from the wire for a log of UTF-8 lines: bytes of UTF-8 are read as such, control characters escaped. */
export function printable(text: string): string {
  return isPrintable(text) ? text : escapeControls(utf8FromWire(text))
}

/** ASCII without control characters, as nearly every line is. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text)
}

/** The wire's text holds one byte in each character. What is not UTF-8 stays as Latin-1. */
export function utf8FromWire(text: string): string {
  if (isPrintable(text) || /[^\0-\xff]/.test(text)) return text
  try {
    return strictUtf8.decode(Buffer.from(text, 'latin1'))
  } catch {
    return text
  }
}
