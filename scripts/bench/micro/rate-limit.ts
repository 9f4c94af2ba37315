import { emptyBody } from '../../../src/http/body.ts'
import { Exchange } from '../../../src/http/exchange.ts'
import type { Handler, HttpRequest } from '../../../src/http/message.ts'
import { rateLimit } from '../../../src/middleware/rate-limit.ts'
import { silentLog } from '../../../src/observe/log.ts'
import { type Bench, keep } from './bench.ts'

const answer = Promise.resolve({ status: 204, headers: [], body: emptyBody })
const last: Handler = () => answer

function requestFrom(address: string): HttpRequest {
  const client = { address, port: 51234, localAddress: '192.0.2.1', localPort: 80, tls: undefined }
  return {
    ...{ method: 'GET', path: '/', query: undefined, host: 'example.org', version: '1.1', headers: [] },
    ...{ body: emptyBody, exchange: new Exchange('web', client, 0), span: undefined },
  }
}

function limited(average: number): Handler {
  const nothing = () => {
    throw new Error('a rate limit needs no other part of the configuration')
  }
  const make = <T extends object>(_: string, made: () => T): T => made()
  const scope = {
    ...{ name: 'limit@bench', log: silentLog, keep: make, share: make },
    ...{ middleware: nothing, service: nothing, transport: nothing },
  }
  const terms = { average, period: 1000, burst: average, sourceCriterion: undefined, redis: undefined }
  return rateLimit.build(terms, scope)(last)
}

/** The request of another source each time; `count` of them take turns. */
function sources(count: number): () => HttpRequest {
  const requests = Array.from({ length: count }, (_, at) =>
    requestFrom(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`),
  )
  let at = 0
  return () => requests[(at = (at + 1) % count)]!
}

function benchOf(name: string, handler: Handler, count: number): Bench {
  const next = sources(count)
  return { name, run: () => keep(handler(next())) }
}

export const benches: Bench[] = [
  benchOf('without', last, 1000),
  benchOf('1 source', limited(1e9), 1),
  benchOf('1,000 sources', limited(1e9), 1000),
  benchOf('60,000 sources', limited(1e9), 60_000),
  benchOf('1,000,000 sources, each forgotten before it comes again', limited(1e9), 1_000_000),
  benchOf('1,000 sources, refused', limited(1), 1000),
]
