/**
 * The other end of the memory bench, a process of its own: an upstream, connections that each make one request and stay
 * open, and bursts of requests. Each order is answered when it has been done.
 */

const upstream = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('ok'.repeat(256)) })
const request = 'GET / HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n'
const open: Bun.Socket<State>[] = []

interface State {
  left: number
  readonly done: () => void
}

/** One connection that makes so many requests, one after the other. */
async function connect(port: number, requests: number): Promise<Bun.Socket<State>> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = await Bun.connect<State>({
    hostname: '127.0.0.1',
    port,
    data: { left: requests, done: resolve },
    socket: {
      // Each answer is one segment: its head and its half kilobyte leave in one write.
      data: (from) => {
        from.data.left -= 1
        if (from.data.left === 0) from.data.done()
        else from.write(request)
      },
      close: (from) => reject(new Error(`the proxy closed a connection with ${from.data.left} requests left`)),
      connectError: (_, error) => reject(error),
    },
  })
  socket.write(request)
  await promise
  return socket
}

async function hold(port: number, count: number): Promise<void> {
  while (open.length < count) {
    const batch = Array.from({ length: Math.min(64, count - open.length) }, () => connect(port, 1))
    open.push(...(await Promise.all(batch)))
  }
}

async function burst(port: number, requests: number, connections: number): Promise<void> {
  const each = Math.ceil(requests / connections)
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect(port, each)))
  for (const socket of sockets) socket.end()
}

export type Order =
  | { readonly kind: 'hold'; readonly port: number; readonly connections: number }
  | { readonly kind: 'burst'; readonly port: number; readonly connections: number; readonly requests: number }
  | { readonly kind: 'drop' }

async function obey(order: Order): Promise<void> {
  if (order.kind === 'hold') await hold(order.port, order.connections)
  else if (order.kind === 'burst') await burst(order.port, order.requests, order.connections)
  else for (const socket of open.splice(0)) socket.end()
}

process.on('message', (order: Order) => {
  obey(order).then(
    () => process.send!({ done: true }),
    (thrown: unknown) => process.send!({ failed: String(thrown) }),
  )
})
process.send!({ upstreamPort: upstream.port })
