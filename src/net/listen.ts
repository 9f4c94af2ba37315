import { Connection, socketHandlers } from './connection.ts'

export interface ListenOptions {
  readonly hostname: string
  /** 0: any free port, told by the listener. */
  readonly port: number
  /** SO_REUSEPORT: other processes may listen on the same port and share its connections. */
  readonly reusePort: boolean
  accept(connection: Connection): void
}

export interface Listener {
  readonly hostname: string
  readonly port: number
  /** Takes no more connections; those that are open stay. */
  stop(): void
}

/** Opens a TCP listener. Throws when the address can't be had (EADDRINUSE, EACCES). */
export function listen(options: ListenOptions): Listener {
  const listener = Bun.listen<Connection>({
    hostname: options.hostname,
    port: options.port,
    // Missing from the published types for listeners; honoured all the same.
    ...(options.reusePort ? { reusePort: true } : {}),
    allowHalfOpen: true,
    socket: {
      ...socketHandlers,
      open: (socket) => {
        const connection = new Connection(socket)
        socket.data = connection
        connection.setNoDelay()
        options.accept(connection)
      },
    },
  })
  return { hostname: options.hostname, port: listener.port, stop: () => listener.stop() }
}

/** Why a listener could not be opened. Bun's message only repeats the address; the code tells the reason. */
export function listenFault(thrown: unknown): string {
  const { code, message } = thrown as { code?: string; message?: string }
  // Without a code when the name of the host is not known.
  if (code === undefined && message?.startsWith('Failed to listen at ') === true) return 'the name is not known'
  return faults[code ?? ''] ?? code ?? message ?? String(thrown)
}

const faults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'not permitted (ports below 1024 need a privilege)',
}
