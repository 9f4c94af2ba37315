import { plainFields, WireProxy } from '../../support/proxy.ts'
import type { WirePeer } from '../../support/wire-peer.ts'
import { WireUpstream } from '../../support/wire-upstream.ts'

export const yes = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
export const served = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserved'
export const get = `GET /a?b=c HTTP/1.1\r\n${plainFields}\r\n`

export function configuration(authUrl: string, serverUrl: string, options: Record<string, unknown>): string {
  return JSON.stringify({
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'target', middlewares: ['auth'] } },
      middlewares: { auth: { forwardAuth: { address: authUrl, ...options } } },
      services: { target: { loadBalancer: { servers: [{ url: serverUrl }] } } },
    },
  })
}

/** Answers every whole request (its length told, or no body) with the same bytes, and keeps the requests. */
function recording(response: string, requests: string[]): (peer: WirePeer) => void {
  return (peer) => {
    void (async () => {
      while (!peer.isGone && !peer.hasEnded) {
        const text = await peer.take((text) => isWhole(text) || peer.hasEnded)
        if (!isWhole(text)) return
        requests.push(text)
        peer.send(response)
      }
    })().catch(() => peer.close())
  }
}

function isWhole(text: string): boolean {
  const [head, body] = text.split('\r\n\r\n')
  if (body === undefined) return false
  const length = Number(/^content-length: (\d+)$/im.exec(head!)?.[1] ?? 0)
  return body.length >= length
}

/** A proxy between a client, an auth server and a server that says `served` by itself. */
export class Scene implements AsyncDisposable {
  readonly asked: string[] = []
  readonly seen: string[] = []
  readonly auth: WireUpstream
  readonly server = new WireUpstream(recording(served, this.seen))
  readonly #stack = new AsyncDisposableStack()
  proxy!: WireProxy

  private constructor(answer: string | undefined) {
    this.auth = new WireUpstream(answer === undefined ? undefined : recording(answer, this.asked))
  }

  /** `answer`: what the auth server says by itself; without it each of its connections waits for the test. */
  static async open(options: Record<string, unknown> = {}, answer?: string): Promise<Scene> {
    const scene = new Scene(answer)
    scene.#stack.use(scene.auth)
    scene.#stack.use(scene.server)
    const dynamic = configuration(`${scene.auth.url}/verify?x=1`, scene.server.url, options)
    scene.proxy = scene.#stack.use(await WireProxy.start({ dynamic }))
    return scene
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

/** One request through a scene of its own: what the auth server saw, what the server saw, and what the client got. */
export async function send(options: Record<string, unknown>, answer: string, request = get) {
  await using scene = await Scene.open(options, answer)
  const client = await scene.proxy.connect()
  client.send(request)
  const exchange = await scene.proxy.finished(1)
  const got = await client.expect('\r\n\r\n')
  return { asked: scene.asked.join(''), seen: scene.seen.join(''), got, exchange, entries: scene.proxy.entries }
}

export function bodyOf(message: string): string {
  return message.slice(message.indexOf('\r\n\r\n') + 4)
}

export function answer(status: string, fields: readonly string[] = [], body = ''): string {
  return [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`, '', body].join('\r\n')
}
