import { compileHttpRule, compileTcpRule, type HttpRule, type TcpRule } from '../../src/route/rule.ts'
import type { TcpFacts } from '../../src/route/tcp-facts.ts'
import type { HttpRequest } from '../../src/http/message.ts'
import { makeRequest, type RequestParts } from '../support/request.ts'

/** A rule that the test knows to be good. */
export function httpRule(text: string): HttpRule {
  const compiling = compileHttpRule(text)
  if (!compiling.ok) throw new Error(compiling.errors.map((error) => error.message).join('; '))
  return compiling.rule
}

export function tcpRule(text: string): TcpRule {
  const compiling = compileTcpRule(text)
  if (!compiling.ok) throw new Error(compiling.errors.map((error) => error.message).join('; '))
  return compiling.rule
}

/** A request as the router sees it, its canonical host set. */
export function requestTo(host: string, parts: RequestParts = {}): HttpRequest {
  const request = makeRequest({ host, ...parts })
  request.exchange.canonicalHost = host
  return request
}

export function tcpFacts(parts: Partial<TcpFacts> = {}): TcpFacts {
  return { serverName: '', alpn: [], clientAddress: '203.0.113.9', ...parts }
}

/** What is wrong with a rule, each as `offset+length: message`. */
export function httpErrors(text: string): string[] {
  return shownErrors(compileHttpRule(text))
}

export function tcpErrors(text: string): string[] {
  return shownErrors(compileTcpRule(text))
}

function shownErrors(compiling: ReturnType<typeof compileHttpRule> | ReturnType<typeof compileTcpRule>): string[] {
  return compiling.ok ? [] : compiling.errors.map(({ offset, length, message }) => `${offset}+${length}: ${message}`)
}

/** The same numbers in every run, so that a failure can be seen again. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
