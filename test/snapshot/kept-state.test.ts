import { describe, expect, test } from 'bun:test'
import { decodeDynamic } from '../../src/config/dynamic.ts'
import { Place } from '../../src/config/schema.ts'
import { ProblemCollector } from '../../src/config/problem.ts'
import { defineMiddleware, type MiddlewareDefinition } from '../../src/middleware/define.ts'
import { silentLog } from '../../src/observe/log.ts'
import { KeptState } from '../../src/snapshot/kept-state.ts'
import { MiddlewareBuilder } from '../../src/snapshot/middlewares.ts'
import { StatusBoard } from '../../src/snapshot/status.ts'
import { TransportStore, type TransportSettings } from '../../src/snapshot/transports.ts'
import { notFound } from '../../src/http/reply.ts'
import { toNode } from '../support/middleware.ts'

class Closable implements Disposable {
  isClosed = false;
  [Symbol.dispose]() {
    this.isClosed = true
  }
}

describe('KeptState', () => {
  test('gives the same object to all that hold one key, and closes it after the last', () => {
    const kept = new KeptState()
    const first = kept.acquire('a', () => new Closable())
    const second = kept.acquire('a', () => new Closable())
    expect(second).toBe(first)
    kept.release('a')
    expect(first.isClosed).toBe(false)
    kept.release('a')
    expect(first.isClosed).toBe(true)
    expect(kept.acquire('a', () => new Closable())).not.toBe(first)
  })
})

/** What a middleware built for `router@file` is given to keep, in one snapshot after the other. */
class Reloads {
  readonly kept = new KeptState()
  #release: () => void = () => {}

  build(middlewares: object, names: readonly string[], router = 'router@file'): object[] {
    const given: object[] = []
    const definition = keeping(given)
    const decoding = decodeDynamic(toNode({ http: { middlewares } }), { provider: 'file', file: 'x', text: '' })
    expect(decoding.problems).toEqual([])
    const elements = [...decoding.configuration.httpMiddlewares].map(([name, element]) => {
      const value = element.value.definition.name === 'chain' ? element.value : { ...element.value, definition }
      return [`${name}@file`, { ...element, name: `${name}@file`, value }] as const
    })
    const builder = new MiddlewareBuilder({
      configuration: { ...decoding.configuration, httpMiddlewares: new Map(elements) },
      board: new StatusBoard(),
      traced: false,
      kept: this.kept,
      transports: new TransportStore({
        fastProxy: false,
        limits: { maxHeadBytes: 0, maxTargetBytes: 0, maxFields: 0 },
      }),
      defaultTransport,
      log: silentLog,
      service: () => () => Promise.resolve(notFound()),
    })
    builder.wrap(names, router, () => Promise.resolve(notFound()))
    this.#release()
    this.#release = () => builder.keptKeys.forEach((key) => this.kept.release(key))
    return given
  }
}

function keeping(given: object[]): MiddlewareDefinition {
  return defineMiddleware<unknown>({
    name: 'addPrefix',
    options: { expects: '', describe: () => ({ kind: 'free' }), decode: () => new Place(new ProblemCollector()) },
    build: (_, scope) => {
      given.push(scope.keep('state', () => ({})))
      return (next) => next
    },
  })
}

const defaultTransport: TransportSettings = {
  insecureSkipVerify: false,
  rootCAs: [],
  maxIdleConnsPerHost: 0,
  forwardingTimeouts: {
    dialTimeout: 0,
    responseHeaderTimeout: 0,
    idleConnTimeout: 0,
    readIdleTimeout: 0,
    pingTimeout: 0,
  },
  serverName: undefined,
  certificates: [],
  minVersion: undefined,
  maxVersion: undefined,
  cipherSuites: undefined,
  peerCertURI: undefined,
  peerCertSANs: [],
  disableHTTP2: false,
}

const limit = { addPrefix: { prefix: '/a' } }

describe('what a middleware keeps', () => {
  test('is there again after a reload that changes something else', () => {
    const reloads = new Reloads()
    const [before] = reloads.build({ limit, other: { addPrefix: { prefix: '/b' } } }, ['limit'])
    const [after] = reloads.build({ limit, other: { addPrefix: { prefix: '/c' } } }, ['other', 'limit']).slice(1)
    expect(after).toBe(before!)
  })

  test('is new when its own configuration has changed', () => {
    const reloads = new Reloads()
    const [before] = reloads.build({ limit }, ['limit'])
    const [after] = reloads.build({ limit: { addPrefix: { prefix: '/z' } } }, ['limit'])
    expect(after).not.toBe(before!)
  })

  test('is gone when it was not there for one snapshot', () => {
    const reloads = new Reloads()
    const [before] = reloads.build({ limit }, ['limit'])
    reloads.build({ limit }, [])
    expect(reloads.build({ limit }, ['limit'])[0]).not.toBe(before!)
  })

  test.each([
    ['two routers', { limit }, ['limit'], 'other@file'],
    ['one router, through a chain', { limit, inner: { chain: { middlewares: ['limit'] } } }, ['inner'], 'router@file'],
  ])('is not shared: %s', (_, middlewares, names, router) => {
    const reloads = new Reloads()
    const [first] = reloads.build({ limit }, ['limit'])
    const [second] = reloads.build(middlewares, names, router)
    expect(second).toBeDefined()
    expect(second).not.toBe(first!)
  })

  test('is apart for each place in one router', () => {
    const reloads = new Reloads()
    const before = reloads.build({ limit }, ['limit', 'limit'])
    expect(before[0]).not.toBe(before[1]!)
    expect(reloads.build({ limit }, ['limit', 'limit'])).toEqual(before)
    expect(reloads.build({ limit }, ['limit', 'limit']).every((state, at) => state === before[at])).toBe(true)
  })
})
