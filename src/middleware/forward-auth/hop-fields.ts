import { headerValues, keepHeaders, type Headers } from '../../http/headers.ts'

/**
 * What of a message concerns one connection only. Other than in forwarding, Proxy-Authorization and Proxy-Authenticate
 * are not among them: the auth server may well be the one who asks for them.
 */
const hopByHop = ['connection', 'keep-alive', 'te', 'trailer', 'trailers', 'transfer-encoding', 'upgrade']

/** The fields that are for the next one too: neither hop-by-hop nor named in Connection (RFC 9110 §7.6.1). */
export function withoutHopFields(headers: Headers): Headers {
  const listed = headerValues(headers, 'connection').flatMap((value) => value.split(','))
  const doomed = new Set([...hopByHop, ...listed.map((name) => name.trim().toLowerCase())])
  return keepHeaders(headers, (name) => !doomed.has(name.toLowerCase()))
}
