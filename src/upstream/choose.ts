import { isEmptyBody, type Body } from '../http/body.ts'
import { isName, type Headers } from '../http/headers.ts'
import { hasFetchRoom } from './fetch.ts'
import type { OutgoingRequest, Transport } from './transport.ts'

export interface TransportChoice {
  readonly fetch: Transport
  readonly socket: Transport
  /** Made with what a request falls back to when its server does not speak HTTP/2. */
  http2(http1: Pick<Transport, 'send'>): Transport
  /** `disableHTTP2`: only servers that are called `h2c` get it. */
  readonly disableHttp2: boolean
  /** `experimental.fastProxy`: plain HTTP/1.1 always goes over the socket transport. */
  readonly fastProxy: boolean
  /** Names in the server's certificate are asked for, which fetch can't look at beside its own verification. */
  readonly verifiesPeerNames: boolean
}

/** The one place that decides which way a request goes. */
export function chooseTransport(choice: TransportChoice): Transport {
  const { fetch, socket, disableHttp2, fastProxy, verifiesPeerNames } = choice
  const http1: Pick<Transport, 'send'> = {
    send(request) {
      const isPlain = request.server.scheme === 'http'
      if (isPlain ? fastProxy : verifiesPeerNames) return socket.send(request)
      return isFetchable(request) && hasFetchRoom() ? fetch.send(request) : socket.send(request)
    },
  }
  const http2 = choice.http2(http1)
  return {
    send(request) {
      const { scheme } = request.server
      if (scheme === 'http') return http1.send(request)
      // An upgrade is HTTP/1's; Traefik as well opens it over that.
      if (scheme === 'h2c' || (!disableHttp2 && request.upgrade === undefined)) return http2.send(request)
      return http1.send(request)
    },
    close() {
      fetch.close()
      socket.close()
      http2.close()
    },
  }
}

/** Methods that fetch sends as they are; any other arrives as GET. */
const fetchableMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PURGE', 'PROPFIND'])

/**
 * False for what fetch would change on the way (measured on Bun 1.4.5): methods it does not know, a body with GET or
 * HEAD, a path that URL parsing rewrites, repeated fields, fields that it would invent, trailers, 1xx and upgrades.
 */
export function isFetchable(request: OutgoingRequest): boolean {
  if (!fetchableMethods.has(request.method)) return false
  if (request.upgrade !== undefined || request.expectContinue) return false
  if (!isEmptyBody(request.body) && (request.method === 'GET' || request.method === 'HEAD')) return false
  if (isBigUpload(request.body)) return false
  return isCanonicalTarget(request.target) && keepsHeaders(request.headers)
}

/** What fetch is given to send, its stream leaves to the collector: 2 GiB of it left 86 MB, and 320 in pieces of 16 KiB. */
function isBigUpload({ length = Infinity }: Body): boolean {
  return length > mostFetchedUploadBytes
}

const mostFetchedUploadBytes = 1024 * 1024

/** Only characters that URL leaves alone, and no dot segment in any spelling. */
function isCanonicalTarget(target: string): boolean {
  return canonicalTarget.test(target) && !/\/\.|%2e/i.test(target)
}

const canonicalTarget = /^\/[A-Za-z0-9\-._~!$&()*+,;=:@/%?[\]]*$/

function keepsHeaders(headers: Headers): boolean {
  let hasAccept = false
  let hasUserAgent = false
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    switch (name.length) {
      case 2:
        if (isName(name, 'te')) return false
        break
      case 6:
        hasAccept ||= isName(name, 'accept')
        break
      case 7:
        if (isName(name, 'trailer')) return false
        break
      case 10:
        hasUserAgent ||= isName(name, 'user-agent')
        break
      case 14:
        // A browser that opens a page is who 103 (Early Hints) is for, and the only one to make use of it.
        if (isName(name, 'sec-fetch-mode') && headers[at + 1] === 'navigate') return false
    }
  }
  return hasAccept && hasUserAgent && !hasRepeats(headers)
}

function hasRepeats(headers: Headers): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    for (let other = at + 2; other < headers.length; other += 2) {
      const name = headers[at]!
      const candidate = headers[other]!
      if (name.length === candidate.length && name.toLowerCase() === candidate.toLowerCase()) return true
    }
  }
  return false
}
