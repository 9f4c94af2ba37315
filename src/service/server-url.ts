import { scalar, type Parsed } from '../config/schema.ts'
import { serverAddress } from '../http/server-address.ts'
import type { ServerAddress } from '../upstream/transport.ts'

/** A server's URL, taken apart once. */
export interface ServerUrl {
  /** Cookies and hashes are made of this spelling, as in Traefik. */
  readonly written: string
  readonly address: ServerAddress
  /** '' for none. Used with `preservePath`, and by health checks. */
  readonly path: string
}

export const serverUrl = scalar<ServerUrl>('a URL such as http://10.0.0.1:8080 or unix:/run/app.sock', parseServerUrl)

export function parseServerUrl(written: string): Parsed<ServerUrl> {
  const scheme = /^([a-z0-9+.-]+):/i.exec(written)?.[1]?.toLowerCase()
  if (scheme === 'unix') return parseUnixUrl(written)
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'h2c')
    return { ok: false, message: `is not a server's URL: ${JSON.stringify(written)}` }
  if (!URL.canParse(written)) return { ok: false, message: `is not a URL: ${JSON.stringify(written)}` }
  const url = new URL(written)
  const path = url.pathname === '/' ? '' : url.pathname
  return { ok: true, value: { written, address: serverAddress(scheme, url), path } }
}

/** `unix:/run/app.sock` and `unix:///run/app.sock`: plain HTTP to a socket in the file system. */
function parseUnixUrl(written: string): Parsed<ServerUrl> {
  const rest = written.slice('unix:'.length)
  const socketPath = rest.startsWith('//') ? rest.slice(2) : rest
  if (!socketPath.startsWith('/') || socketPath.startsWith('//') || socketPath.includes('\0')) {
    return { ok: false, message: `is not the absolute path of a Unix socket: ${JSON.stringify(written)}` }
  }
  // sun_path of unix(7) has 108 bytes with the closing zero.
  if (Buffer.byteLength(socketPath) > 107) {
    return { ok: false, message: `is longer than the 107 bytes that the path of a Unix socket can have` }
  }
  const address = { scheme: 'http', host: 'localhost', port: 80, authority: 'localhost', socketPath } as const
  return { ok: true, value: { written, address: { ...address, origin: `unix:${socketPath}` }, path: '' } }
}
