import { domainToASCII } from 'node:url'
import type { MatcherFlaw } from './define.ts'

/** The form in which hosts are compared and looked up: lower case, one trailing dot dropped. */
export function plainHost(host: string): string {
  const lower = host.toLowerCase()
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/**
 * Whether a host that is in lower case already is `wanted` (a `plainHost`). `*` stands for the first label, and only for
 * one: `*.a.org` is not `a.org` and not `x.y.a.org`. An empty host is none.
 */
export function hostTest(wanted: string): (host: string) => boolean {
  if (!wanted.startsWith('*')) {
    return (host) => host === wanted || (isDotted(host, wanted.length) && host.startsWith(wanted))
  }
  const suffix = wanted.slice(1)
  return (host) => {
    if (host === '') return false
    const dot = host.indexOf('.')
    const end = (dot < 0 ? host.length : dot) + suffix.length
    return (host.length === end || isDotted(host, end)) && host.startsWith(suffix, end - suffix.length)
  }
}

function isDotted(host: string, plainLength: number): boolean {
  return plainLength > 0 && host.length === plainLength + 1 && host.charCodeAt(plainLength) === 46
}

/** Undefined when ASCII: names on the wire are, so any other could never match. */
export function nonAsciiHost(host: string): MatcherFlaw | undefined {
  const offset = host.search(/[^\x00-\x7f]/)
  if (offset < 0) return undefined
  const punycode = domainToASCII(host)
  const advice = punycode === '' ? '' : `: ${punycode}`
  return { ok: false, message: `"${host}" is not ASCII (write it in punycode${advice})`, argument: 0, offset }
}

/** Undefined when the expression is ASCII. */
export function nonAsciiPattern(source: string): MatcherFlaw | undefined {
  const offset = source.search(/[^\x00-\x7f]/)
  if (offset < 0) return undefined
  return { ok: false, message: 'the regular expression is not ASCII, but host names are', argument: 0, offset }
}
