import type { WhoamiFlags } from './arguments.ts'
import type { ClientFacts } from '../http/exchange.ts'
import { Http1Session } from '../http1/server.ts'
import type { Connection } from '../net/connection.ts'
import { listen, listenFault, type Listener } from '../net/listen.ts'
import { whoami } from '../service/whoami.ts'

const limits = { maxHeadBytes: 64 * 1024, maxTargetBytes: 16 * 1024, maxFields: 200 }

/** Starts the server; whoever calls this stops the listener. Throws when the port can't be had. */
export function serveWhoami({ host, port, name }: WhoamiFlags): Listener {
  const handler = whoami({ name })
  const options = {
    entryPoint: 'whoami',
    limits,
    readTimeoutMs: 60_000,
    writeTimeoutMs: 0,
    idleTimeoutMs: 180_000,
    keepAliveMaxRequests: 0,
    keepAliveMaxTimeMs: 0,
    handler: () => handler,
    isDraining: () => false,
    finished: () => {},
  }
  const accept = (connection: Connection): void =>
    new Http1Session(connection, clientFacts(connection), options).start(undefined)
  return listen({ hostname: host, port, reusePort: false, accept })
}

function clientFacts({ remoteAddress, remotePort, localAddress, localPort }: Connection): ClientFacts {
  return { address: remoteAddress, port: remotePort, localAddress, localPort, tls: undefined }
}

/** `sluice whoami`: serves until it is told to stop. Gives the exit code. */
export async function runWhoami(command: WhoamiFlags): Promise<number> {
  let listener: Listener
  try {
    listener = serveWhoami(command)
  } catch (error) {
    console.error(`sluice: cannot listen on ${command.host}:${command.port}: ${listenFault(error)}`)
    return 1
  }
  const stopped = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.resolve())
  const host = command.host.includes(':') ? `[${command.host}]` : command.host
  console.log(`sluice ready: whoami=${host}:${listener.port}`)
  await stopped.promise
  listener.stop()
  return 0
}
