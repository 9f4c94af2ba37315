/** What a client sends in answer to a Digest challenge (RFC 7616 §3.4), as far as MD5 and qop=auth go. */
export interface DigestCredentials {
  /** One char per byte. */
  readonly username: string
  readonly nonce: string
  /** As written by the client: what its digest is over. */
  readonly uri: string
  readonly cnonce: string
  /** As written, since the digest is over the text. */
  readonly nc: string
  readonly nonceCount: number
  readonly response: string
}

const parameter = /\s*([A-Za-z*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)/y

/** The credentials of an Authorization field; undefined when they are for another scheme, malformed or not of our kind. */
export function parseDigest(authorization: string | undefined): DigestCredentials | undefined {
  const list = /^digest (.*)$/i.exec(authorization ?? '')?.[1]
  const parameters = list === undefined ? undefined : parseParameters(list)
  if (parameters === undefined) return undefined
  const [username, nonce, uri, cnonce, nc, response] = required.map((name) => parameters.get(name))
  if (username === undefined || nonce === undefined || uri === undefined) return undefined
  if (cnonce === undefined || response === undefined || nc === undefined || !/^[\da-f]{1,12}$/i.test(nc))
    return undefined
  if (parameters.get('qop') !== 'auth' || (parameters.get('algorithm') ?? 'MD5').toUpperCase() !== 'MD5')
    return undefined
  return { username, nonce, uri, cnonce, nc, nonceCount: parseInt(nc, 16), response }
}

const required = ['username', 'nonce', 'uri', 'cnonce', 'nc', 'response']

/** Undefined too when a parameter comes twice: which of them counts is not to be guessed. */
function parseParameters(list: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>()
  parameter.lastIndex = 0
  while (parameter.lastIndex < list.length) {
    const match = parameter.exec(list)
    if (match === null) return undefined
    const name = match[1]!.toLowerCase()
    if (parameters.has(name)) return undefined
    parameters.set(name, match[2]?.replaceAll(/\\(.)/g, '$1') ?? match[3]!)
  }
  return parameters
}
