import { describe, expect, test } from 'bun:test'
import { buildRouteTable, type Route } from '../../src/route/router.ts'
import { httpRule, randomNumbers, requestTo } from './rules.ts'

interface RouteParts {
  readonly priority?: bigint
  readonly providerRank?: number
}

function route(name: string, text: string, { priority, providerRank = 0 }: RouteParts = {}): Route<string> {
  const rule = httpRule(text)
  return { name, rule, priority: priority ?? rule.defaultPriority, providerRank, target: name }
}

describe('buildRouteTable', () => {
  const longPath = route('path', 'PathPrefix(`/x`)')
  const host = route('host', 'Host(`a.test`)')
  const both = route('both', 'Host(`a.test`) && PathPrefix(`/x`)')
  test.each([
    ['the longer rule', [host, longPath], 'path'],
    ['the higher priority', [both, route('deep', 'PathPrefix(`/x/y`)', { priority: 35n })], 'deep'],
    [
      'a priority beyond 2^53',
      [route('a', 'Path(`/x/y`)', { priority: 2n ** 62n }), route('b', 'Path(`/x/y`)', { priority: 2n ** 62n + 1n })],
      'b',
    ],
    [
      'any other before a negative priority',
      [route('low', 'Host(`a.test`)', { priority: -1n }), route('redirect', 'PathPrefix(`/`)', { priority: 1n })],
      'redirect',
    ],
    [
      'the provider with the lower rank',
      [route('file', 'Path(`/x/y`)', { providerRank: 1 }), route('docker', 'Path(`/x/y`)')],
      'docker',
    ],
    ['the first name when all else is equal', [route('b', 'Path(`/x/y`)'), route('a', 'Path(`/x/y`)')], 'a'],
    [
      'a wildcard that is longer',
      [route('exact', 'Host(`a.test`)', { priority: 1n }), route('wild', 'Host(`*.test`)')],
      'wild',
    ],
    [
      'the next one when the first does not match',
      [route('no', 'Host(`a.test`) && Path(`/other-path`)'), host],
      'host',
    ],
  ] as const)('finds %s', (_, routes, expected) => {
    expect(buildRouteTable(routes).find(requestTo('a.test', { path: '/x/y' }))).toBe(expected)
    expect(buildRouteTable(routes.toReversed()).find(requestTo('a.test', { path: '/x/y' }))).toBe(expected)
  })

  test.each([
    ['a.test', 'exact'],
    ['a.test.', 'exact'],
    ['b.test', 'wild'],
    ['b.test.', 'wild'],
    ['test', 'any'],
    ['x.b.test', 'any'],
    ['', 'any'],
    ['regexp', 'regexp'],
  ])('finds for the host %j the route %s', (name, expected) => {
    const table = buildRouteTable([
      route('exact', 'Host(`A.test`)', { priority: 4n }),
      route('wild', 'Host(`*.test.`)', { priority: 3n }),
      route('regexp', 'HostRegexp(`^regexp$`)', { priority: 2n }),
      route('any', 'Host(`*`)', { priority: 1n }),
    ])
    expect(table.find(requestTo(name))).toBe(expected)
  })

  test('finds nothing where nothing matches', () => {
    expect(buildRouteTable([host]).find(requestTo('b.test'))).toBeUndefined()
    expect(buildRouteTable([]).find(requestTo('b.test'))).toBeUndefined()
  })

  test('finds what asking every route in order finds, for random routers and requests', () => {
    const random = randomNumbers(11)
    for (let round = 0; round < 300; round++) {
      const routes = Array.from({ length: 1 + random(12) }, (_, at) =>
        route(`r${at}`, randomRule(random, 3), { priority: BigInt(random(4)), providerRank: random(2) }),
      )
      const table = buildRouteTable(routes)
      for (let requests = 0; requests < 12; requests++) {
        const request = requestTo(oneOf(random, requestHosts), { path: oneOf(random, paths) })
        const expected = routes.toSorted(inOrder).find(({ rule }) => rule.test(request))?.name
        const found = table.find(request)
        if (found !== expected) {
          const rules = routes.map(({ name, rule, priority }) => `${name} ${priority} ${rule.text}`).join('\n')
          throw new Error(`${request.host}${request.path}: ${found} instead of ${expected}\n${rules}`)
        }
      }
    }
  })
})

const hosts = ['a.test', 'b.test.', '*.test', 'x.a.test', '*.a.test', '*', '*.', 'test', '.', '.test']
const requestHosts = ['a.test', 'a.test.', 'b.test', 'x.a.test', 'y.a.test.', 'test', 'test.', '', '.', '.test', 'z']
const paths = ['/', '/x', '/x/y']

function inOrder(a: Route<string>, b: Route<string>): number {
  return Number(b.priority - a.priority) || a.providerRank - b.providerRank || (a.name < b.name ? -1 : 1)
}

function randomRule(random: (below: number) => number, depth: number): string {
  const kind = depth === 0 ? random(3) : random(7)
  if (kind < 2) return `Host(\`${oneOf(random, hosts)}\`)`
  if (kind === 2) return oneOf(random, ['Path(`/x`)', 'PathPrefix(`/x`)', 'HostRegexp(`a`)', 'HostRegexp(`^$`)'])
  if (kind === 3) return `!(${randomRule(random, depth - 1)})`
  const operator = oneOf(random, [' && ', ' || '])
  return `(${randomRule(random, depth - 1)}${operator}${randomRule(random, depth - 1)})`
}

function oneOf<T>(random: (below: number) => number, values: readonly [T, ...T[]] | readonly T[]): T {
  return values[random(values.length)]!
}
