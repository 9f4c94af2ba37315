import { connect, type Socket } from 'node:net'

export interface Load {
  readonly requests: number
  /** What went wrong with requests that a client may not send again. */
  readonly failures: readonly string[]
  /** Connections that have been opened in all. */
  readonly connections: number
  readonly answers: ReadonlySet<string>
}

type Attempt = { readonly kind: 'answered'; readonly text: string } | { readonly kind: 'closed'; readonly text: string }

/**
 * A client as RFC 9112 §9.3.1 would have it: one request after the other on one connection, and a safe request that gets
 * no answer because a connection that has been used before is closed is sent again, once.
 */
class KeepAliveClient {
  requests = 0
  connections = 0
  readonly failures: string[] = []
  readonly answers = new Set<string>()
  readonly #port: number
  #socket: Socket | undefined
  #isUsed = false

  constructor(port: number) {
    this.#port = port
  }

  async request(): Promise<void> {
    this.requests += 1
    const wasUsed = this.#isUsed
    let attempt = await this.#attempt()
    if (attempt.kind === 'closed' && attempt.text === '' && wasUsed) attempt = await this.#attempt()
    if (attempt.kind === 'closed') this.failures.push(`closed after ${JSON.stringify(attempt.text)}`)
    else this.answers.add(attempt.text.slice(0, attempt.text.indexOf('\r\n')))
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
    this.#isUsed = false
  }

  #attempt(): Promise<Attempt> {
    const socket = this.#socket ?? this.#connect()
    return new Promise((resolve) => {
      let text = ''
      const settle = (kind: Attempt['kind']) => {
        socket.off('data', read).off('close', closed)
        const mayStay = kind === 'answered' && !/^connection: close\r$/im.test(text)
        if (mayStay) this.#isUsed = true
        else this.close()
        resolve({ kind, text })
      }
      const read = (bytes: Buffer) => {
        text += bytes.toString('latin1')
        if (isWhole(text)) settle('answered')
      }
      const closed = () => settle('closed')
      if (socket.destroyed) return closed()
      socket.on('data', read).on('close', closed)
      socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    })
  }

  #connect(): Socket {
    this.connections += 1
    const socket = connect(this.#port, '127.0.0.1')
    // `close` follows, and says enough.
    socket.on('error', () => {})
    this.#socket = socket
    return socket
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  const length = /^content-length: (\d+)\r$/im.exec(text)?.[1]
  return end >= 0 && text.length >= end + 4 + Number(length ?? 0)
}

/** Requests by several clients until told to stop. */
export function keepAliveLoad(port: number, clients: number): { counts(): Load; stop(): Promise<Load> } {
  const all = Array.from({ length: clients }, () => new KeepAliveClient(port))
  let isStopped = false
  const run = async (client: KeepAliveClient) => {
    while (!isStopped) await client.request()
    client.close()
  }
  const running = Promise.all(all.map(run))
  const sum = (number: (client: KeepAliveClient) => number) => all.reduce((total, client) => total + number(client), 0)
  const counts = (): Load => ({
    requests: sum(({ requests }) => requests),
    failures: all.flatMap(({ failures }) => failures),
    connections: sum(({ connections }) => connections),
    answers: new Set(all.flatMap(({ answers }) => [...answers])),
  })
  return {
    counts,
    stop: async () => {
      isStopped = true
      await running
      return counts()
    },
  }
}
