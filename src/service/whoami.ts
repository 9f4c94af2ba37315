import { hostname, networkInterfaces } from 'node:os'
import { emptyBody, textBody, type Body } from '../http/body.ts'
import type { ClientFacts } from '../http/exchange.ts'
import { canonicalName, type Headers } from '../http/headers.ts'
import { requestTarget, type Handler, type HttpRequest, type HttpResponse } from '../http/message.ts'
import { pullBody } from '../http/pull-body.ts'

export interface WhoamiOptions {
  /** Shown as `Name:`, to tell one instance from another. */
  readonly name?: string | undefined
}

/** This machine and instance, as every answer shows them. */
interface Identity {
  readonly name: string | undefined
  readonly hostname: string
  readonly addresses: readonly string[]
}

const plainText: Headers = ['Content-Type', 'text/plain; charset=utf-8']
const json: Headers = ['Content-Type', 'application/json']

/** Answers with what it was asked, in the format of traefik/whoami, so that one sees what a proxy sends on. */
export function whoami(options: WhoamiOptions = {}): Handler {
  const identity: Identity = { name: options.name, hostname: hostname(), addresses: machineAddresses() }
  const health = healthEndpoint()
  return async (request) => {
    if (request.path === '/health') return health(request)
    const receivedBytes = await discard(request.body)
    await pause(request)
    if (request.path === '/api')
      return { status: 200, headers: json, body: textBody(describeAsJson(identity, request)) }
    if (request.path === '/bench') return { status: 200, headers: plainText, body: textBody('1') }
    if (request.path === '/data') return sizedAnswer(request)
    return { status: 200, headers: plainText, body: textBody(describe(identity, request, receivedBytes)) }
  }
}

function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
}

async function discard(body: Body): Promise<number> {
  let bytes = 0
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) bytes += piece.length
  return bytes
}

/** `?wait=500ms` holds the answer back, for trying time-outs; it ends early when the client goes away. */
async function pause(request: HttpRequest): Promise<void> {
  const wait = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(parameter(request, 'wait') ?? '')
  if (wait === null) return
  const durationMs = Number(wait[1]) * (wait[2] === 's' ? 1000 : 1)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, durationMs)
    const cancelled = (): void => {
      clearTimeout(timer)
      resolve()
    }
    request.exchange.onCancel({ cancelled })
  })
}

function parameter(request: HttpRequest, name: string): string | undefined {
  if (request.query === undefined) return undefined
  return new URLSearchParams(request.query).get(name) ?? undefined
}

/** Go's `Request.Write`: Host and User-Agent first, then the framing, then the other fields by name. */
function describe(identity: Identity, request: HttpRequest, receivedBytes: number): string {
  const fields = fieldsByName(request.headers)
  const userAgent = fields.get('User-Agent')
  fields.delete('User-Agent')
  const lines = [
    ...(identity.name === undefined ? [] : [`Name: ${identity.name}`]),
    `Hostname: ${identity.hostname}`,
    ...identity.addresses.map((address) => `IP: ${address}`),
    `RemoteAddr: ${remoteAddress(request.exchange.client)}`,
    `${request.method} ${requestTarget(request)} HTTP/1.1`,
    `Host: ${request.host}`,
    ...(userAgent === undefined ? [] : [`User-Agent: ${userAgent[0]}`]),
    ...framing(request, receivedBytes),
    ...[...fields].flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)),
  ]
  return `${lines.join('\n')}\n\n`
}

function framing(request: HttpRequest, receivedBytes: number): string[] {
  if (request.body.length === undefined) return ['Transfer-Encoding: chunked']
  return receivedBytes === 0 ? [] : [`Content-Length: ${receivedBytes}`]
}

function describeAsJson(identity: Identity, request: HttpRequest): string {
  return JSON.stringify({
    hostname: identity.hostname,
    ip: identity.addresses,
    headers: Object.fromEntries(fieldsByName(request.headers)),
    url: requestTarget(request),
    host: request.host,
    method: request.method,
    name: identity.name,
    remoteAddr: remoteAddress(request.exchange.client),
  })
}

function fieldsByName(headers: Headers): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  for (let at = 0; at < headers.length; at += 2) {
    const name = canonicalName(headers[at]!)
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [headers[at + 1]!])
    else values.push(headers[at + 1]!)
  }
  return new Map([...fields].sort(([left], [right]) => (left < right ? -1 : 1)))
}

function remoteAddress({ address, port }: ClientFacts): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

const unitBytes: Record<string, number> = { '': 1, B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 }

/** `/data?size=64&unit=KB`: a body of exactly that length, made as it is read. */
function sizedAnswer(request: HttpRequest): HttpResponse {
  const size = parameter(request, 'size') ?? '1'
  const unit = unitBytes[(parameter(request, 'unit') ?? '').toUpperCase()]
  const length = Number(size) * (unit ?? Number.NaN)
  if (!/^\d+$/.test(size) || !Number.isSafeInteger(length)) {
    const body = textBody('size must be a whole number, unit one of B, KB, MB, GB, TB\n')
    return { status: 400, headers: plainText, body }
  }
  return { status: 200, headers: ['Content-Type', 'application/octet-stream'], body: patternBody(length) }
}

const pattern = new TextEncoder().encode('-ABCDEFGHIJKLMNOPQRSTUVWXYZ'.repeat(2048))

/** whoami's pattern: the alphabet over and over between two bars, so that a lost or doubled piece shows. */
function patternBody(length: number): Body {
  if (length === 0) return emptyBody
  let sent = 0
  const read = (): Promise<Uint8Array | undefined> => {
    if (sent === length) return Promise.resolve(undefined)
    // Whole periods per piece, so every piece begins at the pattern's beginning.
    const piece = pattern.slice(0, Math.min(pattern.length, length - sent))
    if (sent === 0) piece[0] = bar
    sent += piece.length
    if (sent === length) piece[piece.length - 1] = bar
    return Promise.resolve(piece)
  }
  return pullBody({ length, read, cancel: () => void (sent = length) })
}

const bar = '|'.charCodeAt(0)

/** `GET /health` answers with the status that the last `POST /health` told it: a switch for trying health checks. */
function healthEndpoint(): Handler {
  let status = 200
  return async (request) => {
    if (request.method !== 'POST') {
      await discard(request.body)
      return { status, headers: plainText, body: emptyBody }
    }
    const asked = await readText(request.body)
    if (!/^[2-5]\d\d$/.test(asked)) {
      return { status: 400, headers: plainText, body: textBody('the body must be a status code, 200 to 599\n') }
    }
    status = Number(asked)
    return { status: 200, headers: plainText, body: emptyBody }
  }
}

const longestStatusText = 16

async function readText(body: Body): Promise<string> {
  let text = ''
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
    if (text.length < longestStatusText) text += Buffer.from(piece).toString('latin1')
  }
  return text.trim()
}
