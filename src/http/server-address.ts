import type { ServerAddress } from '../upstream/transport.ts'

/** Where the server of a URL is; the port is the scheme's own when the URL has none. */
export function serverAddress(scheme: ServerAddress['scheme'], url: URL): ServerAddress {
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  return { scheme, host, port, authority: url.host, origin: `${scheme}://${url.host}` }
}
