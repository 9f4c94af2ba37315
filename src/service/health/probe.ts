import { ProxyError, toProxyError } from '../../errors.ts'
import { emptyBody } from '../../http/body.ts'
import { discardBody } from '../../http/discard-body.ts'
import { Exchange, type ClientFacts } from '../../http/exchange.ts'
import { hasHeader, headerValue, type Headers } from '../../http/headers.ts'
import type { HttpResponse } from '../../http/message.ts'
import { parseServerUrl } from '../server-url.ts'
import type { OutgoingRequest, Transport } from '../../upstream/transport.ts'
import { grpcCheckBody, judgeGrpc } from './grpc.ts'
import type { CheckPlan } from './plan.ts'

export type Verdict = { readonly isUp: true } | { readonly isUp: false; readonly reason: string }

/** Go's limit. */
const mostRedirects = 10

const nobody: ClientFacts = { address: '', port: 0, localAddress: '', localPort: 0, tls: undefined }

/** A probe has an exchange of its own, which no observer is told of. */
export function probeExchange(): Exchange {
  return new Exchange('', nobody, Date.now())
}

/** Asks a server once. Never rejects; cancel the exchange to give up. */
export async function probe(plan: CheckPlan, transport: Transport, exchange: Exchange): Promise<Verdict> {
  const late = new ProxyError('upstream.responseTimeout', `no answer within ${plan.timeoutMs / 1000} s`)
  const timer = setTimeout(() => exchange.cancel(late), plan.timeoutMs)
  try {
    return await (plan.mode === 'grpc' ? call(plan, transport, exchange) : ask(plan, transport, exchange))
  } catch (thrown) {
    return { isUp: false, reason: toProxyError(thrown).message }
  } finally {
    clearTimeout(timer)
  }
}

async function ask(plan: CheckPlan, transport: Transport, exchange: Exchange): Promise<Verdict> {
  const { status } = await follow(plan, transport, exchange)
  return judge(plan, status)
}

async function call(plan: CheckPlan, transport: Transport, exchange: Exchange): Promise<Verdict> {
  const { server, host, target, method, headers } = plan
  const place = { server, host, target, method, body: grpcCheckBody() }
  return judgeGrpc(await transport.send(request(place, headers, exchange)))
}

function judge({ status: wanted }: CheckPlan, status: number): Verdict {
  const isUp = wanted === 0 ? status >= 200 && status < 400 : status === wanted
  return isUp ? { isUp } : { isUp, reason: `answered with status ${status}` }
}

async function follow(plan: CheckPlan, transport: Transport, exchange: Exchange): Promise<HttpResponse> {
  let place: Place = { server: plan.server, host: plan.host, target: plan.target, method: plan.method, body: emptyBody }
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await transport.send(request(place, plan.headers, exchange))
    await discardBody(response.body, new ProxyError('proxy.unexpected', 'the body of a probe is of no interest'))
    const next = plan.followRedirects ? redirected(place, response) : undefined
    if (next === undefined) return response
    place = next
  }
  throw new ProxyError('upstream.malformed', `more than ${mostRedirects} redirects`)
}

type Place = Pick<OutgoingRequest, 'server' | 'host' | 'target' | 'method' | 'body'>

function request(place: Place, headers: Headers, exchange: Exchange): OutgoingRequest {
  const isNamed = hasHeader(headers, 'user-agent')
  return {
    ...place,
    headers: isNamed ? headers : ['User-Agent', 'Sluice-Health-Check', ...headers],
    exchange,
    upgrade: undefined,
    expectContinue: false,
  }
}

/** Where a redirect leads, by the rules of Go's client; undefined when the answer is none. */
function redirected(from: Place, { status, headers }: HttpResponse): Place | undefined {
  const location = headerValue(headers, 'location')
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined
  const origin = from.server.socketPath === undefined ? from.server.origin : 'http://localhost'
  const base = origin + from.target
  if (!URL.canParse(location, base)) throw new ProxyError('upstream.malformed', `redirects to ${location}`)
  const url = new URL(location, base)
  const method = status < 307 && from.method !== 'HEAD' ? 'GET' : from.method
  const target = url.pathname + url.search
  if (url.origin === origin) return { ...from, target, method }
  const parsed = parseServerUrl(url.origin)
  if (!parsed.ok) throw new ProxyError('upstream.malformed', `redirects to ${location}, which ${parsed.message}`)
  const server = parsed.value.address
  return { ...from, server, host: server.authority, target, method }
}
