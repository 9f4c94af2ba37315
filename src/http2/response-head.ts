import type { Headers } from '../http/headers.ts'
import { wireName } from '../http/wire-name.ts'
import { parseContentLength } from '../http1/framing.ts'
import { isFieldName, isFieldValue } from '../http1/scan.ts'
import { connectionSpecific, type RawFields } from './request-head.ts'

export interface ResponseHead {
  readonly kind: 'head'
  readonly status: number
  /** Names as on an HTTP/1 wire; without Content-Length. */
  readonly headers: Headers
  readonly contentLength: number | undefined
}

export type ResponseHeadResult = ResponseHead | { readonly kind: 'malformed'; readonly detail: string }

/** Reads the field section of a response, final or interim, or of trailers (status 0). */
export function readResponseHead(raw: RawFields): ResponseHeadResult {
  const headers: string[] = []
  let status = 0
  let written: string | undefined
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!
    const value = raw[at + 1]!
    if (name === ':status') {
      if (!/^[1-9]\d\d$/.test(value)) return malformed(`the status ${value}`)
      status = Number(value)
    } else if (!isFieldName(name) || name !== name.toLowerCase() || !isFieldValue(value)) {
      return malformed('a header field with a character that it must not have')
    } else if (connectionSpecific.has(name)) {
      return malformed(`the connection-specific field ${name}`)
    } else if (name === 'content-length') {
      if (written !== undefined && written !== value) return malformed('two values of content-length')
      written = value
    } else headers.push(wireName(name), value)
  }
  const contentLength = written === undefined ? undefined : parseContentLength(written)
  if (written !== undefined && contentLength === undefined) return malformed('a content-length that is not one number')
  return { kind: 'head', status, headers, contentLength }
}

function malformed(detail: string): ResponseHeadResult {
  return { kind: 'malformed', detail }
}
