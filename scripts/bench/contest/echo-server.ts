/** Sends every message back. The platform's own server: cheaper than any proxy in front of it. */
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, serving) => (serving.upgrade(request) ? undefined : new Response(null, { status: 404 })),
  websocket: { message: (socket, message) => void socket.send(message) },
})
console.log(`port ${server.port}`)
