/**
 * A Host value in its parts, as Go's net.SplitHostPort parts it; `port` is '' when there is none. Brackets stay on the
 * host, and a bare IPv6 address is a host: `[::1]:80` → `[::1]`, `80`; `::1` → `::1`, ''.
 */
export function splitAuthority(authority: string): { readonly host: string; readonly port: string } {
  const colon = authority.lastIndexOf(':')
  if (colon < 0) return { host: authority, port: '' }
  const host = authority.slice(0, colon)
  if (host.includes(':') && !(host[0] === '[' && host.endsWith(']'))) return { host: authority, port: '' }
  return { host, port: authority.slice(colon + 1) }
}

let lastAuthority = ''
let lastCanonicalHost = ''

/** Lower case, without port and brackets: what rules compare with (Traefik's canonical host). */
export function canonicalHost(authority: string): string {
  // Requests of one connection come in a row and nearly always for one host.
  if (authority === lastAuthority) return lastCanonicalHost
  const { host } = splitAuthority(authority.toLowerCase().trim())
  lastCanonicalHost = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  lastAuthority = authority
  return lastCanonicalHost
}
