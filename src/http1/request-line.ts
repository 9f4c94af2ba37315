import { isAuthority } from './authority.ts'
import { bad, type BadHead } from './bad-head.ts'
import { PATH, skip, SP, TARGET, TOKEN } from './scan.ts'

export interface RequestLine {
  readonly kind: 'line'
  readonly method: string
  /** As it came. */
  readonly target: string
  readonly path: string
  readonly query: string | undefined
  /** Only from an absolute-form target. */
  readonly scheme: 'http' | 'https' | undefined
  /** Only from an absolute-form target. */
  readonly authority: string | undefined
  readonly version: '1.0' | '1.1'
  /** Offset of the first character after the line's CRLF. */
  readonly end: number
}

const QUESTION = 0x3f
const SLASH = 0x2f
const absoluteForm = /^(https?):\/\/([^/?]*)(\/[^?]*)?(?:\?(.*))?$/i
// The length of ` HTTP/1.1\r\n`.
const afterTargetLength = 11

/** Parses `method SP request-target SP HTTP-version CRLF` at the beginning of `text` (RFC 9112 §3). */
export function parseRequestLine(text: string, maxTargetBytes: number): RequestLine | BadHead {
  const methodEnd = skip(text, 0, TOKEN)
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== SP) return malformed('a request line without a method')
  const targetFrom = methodEnd + 1
  const pathEnd = skip(text, targetFrom, PATH)
  const hasQuery = text.charCodeAt(pathEnd) === QUESTION
  const targetEnd = hasQuery ? skip(text, pathEnd + 1, TARGET) : pathEnd
  if (targetEnd - targetFrom > maxTargetBytes) return targetTooLong
  if (targetEnd === targetFrom) return malformed('a request line without a target')
  if (text.charCodeAt(targetEnd) !== SP) return malformed(targetFault(text, targetEnd))
  const version = parseVersion(text, targetEnd + 1)
  if (typeof version !== 'string') return version

  const method = text.slice(0, methodEnd)
  const target = text.slice(targetFrom, targetEnd)
  const end = targetEnd + afterTargetLength
  if (text.charCodeAt(targetFrom) !== SLASH || method === 'CONNECT') return otherForm({ method, target, version, end })
  return {
    kind: 'line',
    method,
    target,
    path: hasQuery ? text.slice(targetFrom, pathEnd) : target,
    query: hasQuery ? text.slice(pathEnd + 1, targetEnd) : undefined,
    scheme: undefined,
    authority: undefined,
    version,
    end,
  }
}

/** For a request line that is too long, whichever way it is found out. */
export const targetTooLong: BadHead = bad('client.targetTooLong', 'a request target that is too long')

/** Whatever is not origin-form (RFC 9112 §3.2). */
function otherForm(line: Pick<RequestLine, 'method' | 'target' | 'version' | 'end'>): RequestLine | BadHead {
  const { method, target } = line
  if (method === 'CONNECT') return bad('client.connect', 'CONNECT is not served')
  const common = { kind: 'line', ...line, query: undefined, scheme: undefined, authority: undefined } as const
  if (target === '*') return method === 'OPTIONS' ? { ...common, path: '*' } : malformed('the target * without OPTIONS')
  const match = absoluteForm.exec(target)
  if (match === null) return malformed('a target that is neither a path nor an http URL')
  const [, scheme, authority, path, query] = match
  if (!isAuthority(authority!)) return malformed('a malformed authority in the target')
  // RFC 9112 §3.2.4: OPTIONS for an URL without path and query asks about the server itself.
  const emptyPath = method === 'OPTIONS' && query === undefined ? '*' : '/'
  return {
    ...common,
    path: path ?? emptyPath,
    query,
    scheme: scheme!.toLowerCase() === 'https' ? 'https' : 'http',
    authority: authority!,
  }
}

function parseVersion(text: string, at: number): '1.0' | '1.1' | BadHead {
  if (text.startsWith('HTTP/1.1\r\n', at)) return '1.1'
  if (text.startsWith('HTTP/1.0\r\n', at)) return '1.0'
  const version = text.slice(at, at + 10)
  if (/^HTTP\/\d\.\d\r\n$/.test(version)) return bad('client.version', version.slice(0, 8))
  return malformed('a request line that does not end in an HTTP version')
}

function targetFault(text: string, at: number): string {
  const character = text.charAt(at)
  if (character === '\r') return 'a request line without an HTTP version'
  if (character === '#') return 'a fragment in the target'
  return 'a character that a target must not have'
}

function malformed(detail: string): BadHead {
  return bad('client.malformed', detail)
}
