import { decodedPath, escapePathBytes, normalisePath } from './target.ts'

/**
 * URLs that a configuration makes, brought into the form that Go's net/url gives them, so that what Traefik would send
 * is sent. Text is one char per byte.
 */

/** Everything that a path may have on the wire: Go keeps an encoding made of these as it was written. */
const validPath = /^[A-Za-z0-9\-._~$&+,/:;=@!'()*[\]%]*$/

/**
 * A path ready for the wire: as written when it is a valid encoding, else decoded and encoded anew, so that a `?` stays
 * part of it. Undefined for a `%` without two hex digits.
 */
export function encodedPath(path: string): string | undefined {
  if (normalisePath(path) === undefined) return undefined
  return validPath.test(path) ? path : escapePathBytes(decodedPath(path))
}

/** What Go says of a path for which `encodedPath` gives undefined. */
export function escapeFault(path: string): string {
  const at = path.search(/%(?![0-9a-f]{2})/i)
  return `invalid URL escape ${JSON.stringify(path.slice(at, at + 3))}`
}

/** A query as it may stand in a request line; Go sends it as written, which for a space would end the target. */
export function encodedQuery(query: string): string {
  return query.replace(/[^\x21-\x7e]/g, percentEncoded)
}

/** Go's url.QueryEscape. */
export function escapeQuery(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~]/g, (char) => (char === ' ' ? '+' : percentEncoded(char)))
}

function percentEncoded(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

const control = /[\x00-\x1f\x7f]/
const shape = /^(?:([a-z][a-z0-9+.-]*):)?(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/i
/** Optional user information, a name or bracketed address, an optional port. */
const authorityShape =
  /^\/\/(?:[^@/%[\]\s"<>^`{|}\\]*@)?(?:\[[0-9a-f:.]+(?:%25[^\]%]+)?\]|[^:@[\]%\s"<>^`{|}\\]*)(?::\d*)?$/i

/** An URL as Go's `url.Parse` reads it and its `String` writes it; undefined where `Parse` fails. */
export function encodedUrl(url: string): string | undefined {
  const parts = control.test(url) ? null : shape.exec(url)
  if (parts === null) return undefined
  const [, scheme, authority, path = '', query = '', fragment = ''] = parts
  if (authority !== undefined && !authorityShape.test(authority)) return undefined
  const start = scheme === undefined ? '' : `${scheme.toLowerCase()}:`
  const isOpaque = scheme !== undefined && authority === undefined && !path.startsWith('/')
  // Without a scheme a colon may not stand in the first segment (RFC 3986 §4.2).
  if (scheme === undefined && authority === undefined && /^[^/]*:/.test(path)) return undefined
  const encoded = isOpaque ? path : encodedPath(path)
  if (encoded === undefined || normalisePath(fragment) === undefined) return undefined
  return `${start}${authority ?? ''}${encoded}${query}${fragment}`
}
