import type { Socket } from 'bun'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseClientHello, unrecognizedNameAlert } from '../../src/listen/client-hello.ts'
import type { TlsTerms } from '../../src/listen/tls-terms.ts'

/** What the server saw of one connection. */
export interface ServerSide {
  readonly refusal: string | undefined
  readonly version: string
  readonly alpn: string
  readonly isResumed: boolean
}

export interface TlsServer extends Disposable {
  readonly port: number
  /** One entry for each handshake that came to an end. */
  readonly seen: readonly ServerSide[]
}

/** What Bun's sockets have beyond their published types. */
interface TlsSocket extends Socket<Opening> {
  readonly alpnProtocol: string | false
}

interface Opening {
  isUpgraded: boolean
  early: Buffer
}

/** Terminates TLS as an entry point does, greets whoever is let in, and closes. */
export function tlsServer(terms: () => TlsTerms): TlsServer {
  const seen: ServerSide[] = []
  const listener = Bun.listen<Opening>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (socket) => void (socket.data = { isUpgraded: false, early: Buffer.of() }),
      data: (socket, bytes) => {
        const opening = socket.data
        if (opening.isUpgraded) return
        opening.early = Buffer.concat([opening.early, bytes])
        const hello = parseClientHello(opening.early)
        if (hello.kind !== 'hello') return
        opening.isUpgraded = true
        terminate({ socket, opening, serverName: hello.serverName, terms: terms(), seen })
      },
    },
  })
  return { port: listener.port, seen, [Symbol.dispose]: () => listener.stop(true) }
}

interface Termination {
  readonly socket: Socket<Opening>
  readonly opening: Opening
  readonly serverName: string
  readonly terms: TlsTerms
  readonly seen: ServerSide[]
}

function terminate({ socket, opening, serverName, terms, seen }: Termination): void {
  const chosen = terms.choose(serverName, '127.0.0.1')
  if (chosen === undefined) {
    socket.end(unrecognizedNameAlert)
    return
  }
  const options = {
    isServer: true,
    initialData: opening.early,
    data: opening,
    tls: chosen.tls,
    socket: {
      data: () => {},
      handshake: (plain: Socket<Opening>, ok: boolean, error: Error | null) => {
        const tls = plain as TlsSocket
        const hasCertificate = tls.getPeerCertificate() !== undefined
        const refusal = terms.refusal({ ok, error, hasCertificate })
        const alpn = tls.alpnProtocol === false ? '' : tls.alpnProtocol
        seen.push({ refusal, version: tls.getTLSVersion(), alpn, isResumed: tls.isSessionReused() })
        if (refusal === undefined) tls.end('welcome\n')
        else tls.terminate()
      },
    },
  }
  socket.upgradeTLS<Opening>(options)
}

/** All that `openssl s_client` says of one connection, until the server closes it. */
export async function opensslClient(port: number, ...options: readonly string[]): Promise<string> {
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 3000,
  })
  let output = ''
  client.stdout.on('data', (text) => (output += text))
  client.stderr.on('data', (text) => (output += text))
  await once(client, 'close')
  return output
}
