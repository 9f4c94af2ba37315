import { buildRouteTable, type Route, type RouteTable } from '../../../src/route/router.ts'
import { compileHttpRule } from '../../../src/route/rule.ts'
import { makeRequest } from '../../../test/support/request.ts'
import type { HttpRequest } from '../../../src/http/message.ts'
import { keep, type Bench } from './bench.ts'

function route(text: string): Route<string> {
  const compiled = compileHttpRule(text)
  if (!compiled.ok) throw new Error(`${text} does not compile`)
  return { name: text, rule: compiled.rule, priority: compiled.rule.defaultPriority, providerRank: 0, target: text }
}

function hosts(count: number): RouteTable<string> {
  return buildRouteTable(Array.from({ length: count }, (_, index) => route(`Host(\`host-${index}.test\`)`)))
}

function requestFor(host: string): HttpRequest {
  const request = makeRequest({ host, path: '/api/v1/items', headers: ['X-Team', 'blue'] })
  request.exchange.canonicalHost = host
  return request
}

const few = hosts(10)
const many = hosts(10_000)
const rules = buildRouteTable([
  route('Host(`a.test`) && PathPrefix(`/api`) && (Method(`GET`) || Method(`HEAD`)) && Header(`X-Team`, `blue`)'),
])
const pattern = buildRouteTable([route('HostRegexp(`^[a-z]+\\.test$`) && PathRegexp(`^/api/v[0-9]+/`)')])
const known = requestFor('host-7.test')
const unknown = requestFor('nobody.test')
const plain = requestFor('a.test')

const names = Buffer.from(Array.from({ length: 10_000 }, (_, index) => `host-${index}.test`.padEnd(14)).join(''))
const spread = requestFor('')
let asked = 0

/** The next of so many hosts, far from the last one, as a string that was never seen: so it comes from the wire. */
function freshHost(count: number): HttpRequest {
  asked = (asked + 6007) % count
  const length = `host-${asked}.test`.length
  spread.exchange.canonicalHost = names.latin1Slice(asked * 14, asked * 14 + length)
  return spread
}

export const benches: Bench[] = [
  { name: 'a fresh host, no look-up', run: () => keep(freshHost(10_000)) },
  { name: 'a fresh host among 10', run: () => keep(few.find(freshHost(10))) },
  { name: 'a fresh host among 10,000', run: () => keep(many.find(freshHost(10_000))) },
  { name: 'one of 10 hosts', run: () => keep(few.find(known)) },
  { name: 'one of 10,000 hosts', run: () => keep(many.find(known)) },
  { name: 'none of 10,000 hosts', run: () => keep(many.find(unknown)) },
  { name: 'host, path, method and header', run: () => keep(rules.find(plain)) },
  { name: 'two regular expressions', run: () => keep(pattern.find(plain)) },
]
