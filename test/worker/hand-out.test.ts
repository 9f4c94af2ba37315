import { afterEach, describe, expect, test } from 'bun:test'
import { parseDocument } from '../../src/config/document.ts'
import { decodeDynamic } from '../../src/config/dynamic.ts'
import { silentLog } from '../../src/observe/log.ts'
import type { ProviderUpdate } from '../../src/provider/define.ts'
import { HandedProvider } from '../../src/worker/handed-provider.ts'
import { handOut } from '../../src/worker/hand-out.ts'
import type { Order } from '../../src/worker/messages.ts'
import { within } from '../provider/within.ts'

const everySection = `
http:
  routers:
    app:
      rule: Host(\`a.test\`) && PathRegexp(\`^/v[0-9]+\`)
      service: app
      priority: 9223372036854774807
      tls: {}
    "a.b c": { rule: "Path(\`/\`)", service: app }
  services: { app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }] } } }
  middlewares: { cut: { stripPrefixRegex: { regex: ["^/a+"] } } }
  serversTransports: { t: { forwardingTimeouts: { dialTimeout: 5s } } }
tcp:
  routers: { all: { rule: "HostSNI(\`*\`)", service: pipe } }
  services: { pipe: { loadBalancer: { servers: [{ address: "127.0.0.1:2" }] } } }
tls:
  certificates:
    - { certFile: a.crt, keyFile: a.key }
    - { certFile: b.crt, keyFile: b.key }
  options: { default: { minVersion: VersionTLS12 } }
  stores: { default: { defaultCertificate: { certFile: c.crt, keyFile: c.key } } }
`

function decoded(text: string, file = '/etc/dynamic.yaml'): ProviderUpdate {
  const { node } = parseDocument({ file, text, format: 'yaml' })
  const { configuration, problems, failed } = decodeDynamic(node, { provider: 'file', file, text })
  const failures = failed.map((failure) => ({ ...failure, isLastGoodKept: false }))
  return { configuration, problems, failed: failures, digest: text }
}

const providers: HandedProvider[] = []
afterEach(() => {
  for (const provider of providers.splice(0)) provider.close()
})

/** As a worker hears them, after the way through the channel. */
function listener() {
  const provider = new HandedProvider({ name: 'file', isLocal: true }, silentLog)
  providers.push(provider)
  const updates = provider.start()[Symbol.asyncIterator]()
  return {
    tell: (orders: readonly Order[]) => {
      for (const order of orders.map((each) => structuredClone(each))) {
        if (order.kind === 'elements') provider.takeElements(order)
        if (order.kind === 'update') provider.takeUpdate(order)
      }
    },
    next: async (): Promise<ProviderUpdate> => (await within(updates.next(), 'an update')).value!,
  }
}

/** Without what can't be compared: functions. */
function comparable({ configuration, ...others }: ProviderUpdate) {
  const elements = Object.entries(configuration).map(([section, all]) => {
    return [section, [...all].map(([key, { value: _, ...element }]) => [key, element])]
  })
  return { ...others, elements }
}

describe('an update that is handed out', () => {
  test('arrives as it was: every section, with names, places and fingerprints', async () => {
    const update = decoded(everySection)
    expect(update.problems).toEqual([])
    const worker = listener()
    worker.tell(handOut('file', update))
    const arrived = await worker.next()
    expect(comparable(arrived)).toEqual(comparable(update))
    expect(arrived.configuration.httpRouters.get('app')?.value.priority).toBe(9223372036854774807n)
    expect(arrived.configuration.httpMiddlewares.get('cut')?.value.definition.name).toBe('stripPrefixRegex')
  })

  test('brings the problems and failures of the documents', async () => {
    const update = decoded('http: { routers: { bad: { rule: "Hst(`a`)", service: x } } }')
    expect(update.failed).toHaveLength(1)
    const worker = listener()
    worker.tell(handOut('file', update))
    expect(comparable(await worker.next())).toEqual(comparable(update))
  })

  test('comes in parts, and in order', async () => {
    const count = 250
    const lines = Array.from({ length: count }, (_, at) => `    r${at}: { rule: Path(\`/${at}\`), service: app }`)
    const large = decoded(`http:\n  routers:\n${lines.join('\n')}\n`)
    const orders = handOut('file', large)
    expect(orders.map(({ kind }) => kind)).toEqual([...Array(5).fill('elements'), 'update'])
    const worker = listener()
    worker.tell(orders)
    const names = [...(await worker.next()).configuration.httpRouters.keys()]
    expect(names).toEqual(Array.from({ length: count }, (_, at) => `r${at}`))
  })

  test('does not overtake the one before, although that one has more to decode', async () => {
    const worker = listener()
    worker.tell(handOut('file', decoded(everySection)))
    worker.tell(handOut('file', decoded('')))
    let last = await worker.next()
    if (last.digest !== '') last = await worker.next()
    expect(last.digest).toBe('')
    expect(last.configuration.httpRouters.size).toBe(0)
  })

  test('that can’t be read is left out, and the next one is used', async () => {
    const worker = listener()
    worker.tell([{ kind: 'elements', provider: 'file', packed: 'no JSON' }, ...handOut('file', decoded(everySection))])
    worker.tell(handOut('file', decoded('')))
    expect((await worker.next()).digest).toBe('')
  })
})
