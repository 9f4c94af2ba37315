import { features, type Feature } from './feature.ts'

/** How the proxies are set up: all scenarios of one setup run against the same processes. */
export type Setup = 'plain' | 'middlewares' | 'hosts10' | 'hosts10000' | 'accessLog' | 'webSocket'

/** What the upstream serves, by path. `upload` is a POST of 64 KiB with a short answer; `echo` a message that comes back. */
export type Exchange = 'small' | 'medium' | 'large' | 'upload' | 'echo'

/**
 * wrk and h2load send the next request when an answer has come; the open loop sends at its rate, whatever comes;
 * `handshake` opens a connection for each request; `echo` sends the next message of a WebSocket when one has come back.
 */
export type Client = 'wrk' | 'h2load' | 'openLoop' | 'handshake' | 'echo'

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly setup: Setup
  readonly exchange: Exchange
  readonly connections: number
  readonly client: Client
  readonly tls: boolean
  readonly quick: boolean
  readonly needs: Feature | undefined
}

const usual = {
  setup: 'plain',
  exchange: 'small',
  connections: 64,
  client: 'wrk',
  tls: false,
  quick: false,
  needs: undefined,
} satisfies Omit<Scenario, 'name' | 'title'>

const all: readonly Scenario[] = [
  { ...usual, name: 'small-64', title: 'Small GET, 64 connections', quick: true },
  { ...usual, name: 'small-1', title: 'Small GET, 1 connection', connections: 1 },
  { ...usual, name: 'small-512', title: 'Small GET, 512 connections', connections: 512 },
  { ...usual, name: 'fixed-rate', title: 'Small GET, 4,000 a second', client: 'openLoop', quick: true },
  { ...usual, name: 'get-64k', title: '64 KiB response', exchange: 'medium', quick: true },
  { ...usual, name: 'get-1m', title: '1 MiB response', exchange: 'large' },
  { ...usual, name: 'post-64k', title: '64 KiB POST', exchange: 'upload' },
  { ...usual, name: 'https', title: 'HTTPS, kept alive', tls: true, quick: true },
  { ...usual, name: 'handshake', title: 'HTTPS, new handshake each', tls: true, client: 'handshake', connections: 16 },
  {
    ...usual,
    name: 'http2',
    title: 'HTTP/2, 16 streams each',
    tls: true,
    client: 'h2load',
    connections: 8,
    needs: 'http2',
  },
  { ...usual, name: 'middlewares', title: 'Five middlewares', setup: 'middlewares' },
  { ...usual, name: 'hosts-10', title: '10 hosts', setup: 'hosts10' },
  { ...usual, name: 'hosts-10000', title: '10,000 hosts', setup: 'hosts10000' },
  { ...usual, name: 'access-log', title: 'Access log on', setup: 'accessLog' },
  { ...usual, name: 'websocket', title: 'WebSocket echo, 1 KiB', setup: 'webSocket', exchange: 'echo', client: 'echo' },
]

export const scenarios: readonly Scenario[] = all.filter(({ needs }) => needs === undefined || features[needs])

/** Requests a second of the open loop: far below what any candidate can do, so that latency is not queueing. */
export const fixedRate = 4000

/** Host names that a setup routes; each has a rule of its own. */
export function hostNames(setup: Setup): string[] {
  const count = { plain: 1, middlewares: 1, accessLog: 1, webSocket: 1, hosts10: 10, hosts10000: 10_000 }[setup]
  return count === 1 ? ['bench.test'] : Array.from({ length: count }, (_, index) => `host-${index}.bench.test`)
}

const askedHosts = 10

/** The hosts that the client asks for in turn: spread over all, so that no candidate lives on its last answer. */
export function clientHosts(setup: Setup): string[] {
  const names = hostNames(setup)
  const step = Math.ceil(names.length / askedHosts)
  return names.filter((_, index) => index % step === 0)
}

/** What every client says of itself. Without these fields fetch would invent its own, and Sluice would not use it. */
export const clientFields = { 'User-Agent': 'bench', Accept: '*/*' } as const

/** The path as the client sends it. With middlewares it is /api/small.txt; the upstream knows /files/small.txt. */
export function clientPath({ setup, exchange }: Pick<Scenario, 'setup' | 'exchange'>): string {
  const path = { small: '/small.txt', medium: '/medium.txt', large: '/large.txt', upload: '/upload', echo: '/echo' }[
    exchange
  ]
  return setup === 'middlewares' ? `/api${path}` : path
}
