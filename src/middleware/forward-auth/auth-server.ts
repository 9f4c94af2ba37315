import { scalar, type Parsed } from '../../config/schema.ts'
import { serverAddress } from '../../http/server-address.ts'
import type { ServerAddress } from '../../upstream/transport.ts'

/** The server that is asked whether a request may pass. */
export interface AuthServer {
  /** Without user and password. */
  readonly url: string
  readonly address: ServerAddress
  readonly path: string
  readonly query: string | undefined
  /** The Authorization that a user and password in the URL stand for. */
  readonly authorization: string | undefined
}

export const authServer = scalar<AuthServer>('a URL such as http://auth:9000/verify', parseAuthServer)

function parseAuthServer(written: string): Parsed<AuthServer> {
  const scheme = /^(https?):\/\//i.exec(written)?.[1]?.toLowerCase()
  // The text is not told: it may hold a password.
  if (scheme === undefined || !URL.canParse(written)) return { ok: false, message: 'is not an HTTP URL' }
  const url = new URL(written)
  const address = serverAddress(scheme === 'https' ? 'https' : 'http', url)
  return {
    ok: true,
    value: {
      url: address.origin + url.pathname + url.search,
      address,
      path: url.pathname,
      query: url.search === '' ? undefined : url.search.slice(1),
      authorization: basicAuthorization(url),
    },
  }
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}
