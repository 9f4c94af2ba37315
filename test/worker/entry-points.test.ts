import { describe, expect, test } from 'bun:test'
import { listen } from '../../src/net/listen.ts'
import { findTakenAddress, keptPorts, portsOf, withSharedEntryPoints } from '../../src/worker/entry-points.ts'
import { staticConfiguration } from './static-text.ts'

const two = staticConfiguration('entryPoints: {web: {address: "127.0.0.1:0"}, fixed: {address: ":8443"}}')

function open(options: { readonly reusePort: boolean }) {
  const listener = listen({ hostname: '127.0.0.1', port: 0, ...options, accept: (connection) => connection.close() })
  return { port: listener.port, [Symbol.dispose]: () => listener.stop() }
}

describe('entry points of several processes', () => {
  test('are shared, on the port that the first has got', () => {
    const ports = portsOf([
      { name: 'web', address: '127.0.0.1:4711' },
      { name: 'fixed', address: '[::]:8443' },
    ])
    const shared = withSharedEntryPoints(two, ports).entryPoints
    const told = [...shared].map(([name, { address, reusePort }]) => [name, address.port, reusePort])
    expect(told).toEqual([
      ['web', 4711, true],
      ['fixed', 8443, true],
    ])
    expect(two.entryPoints.get('web')?.address.port).toBe(0)
  })

  test.each([
    ['stays the same', '{web: {address: "127.0.0.1:0"}}', 4711],
    ['has another host', '{web: {address: "127.0.0.2:0"}}', undefined],
    ['has a port of its own', '{web: {address: "127.0.0.1:80"}}', undefined],
    ['is gone', '{other: {address: "127.0.0.1:0"}}', undefined],
  ])('keep the port given for 0 when a new configuration comes (one that %s)', (_, entryPoints, port) => {
    const next = staticConfiguration(`entryPoints: ${entryPoints}`)
    const kept = keptPorts(next, two, new Map([['web', 4711]]))
    expect(kept.get('web')).toBe(port)
  })
})

describe('an address', () => {
  test('that another program has is found taken, although it would share it', () => {
    using other = open({ reusePort: true })
    const configuration = staticConfiguration(`entryPoints: {web: {address: "127.0.0.1:${other.port}"}}`)
    const message = `entry point web can't listen on 127.0.0.1:${other.port}: the address is in use`
    expect(findTakenAddress(configuration, new Map())).toBe(message)
  })

  test('is not taken by the workers that are to be replaced', () => {
    using own = open({ reusePort: true })
    const configuration = staticConfiguration(`entryPoints: {web: {address: ":${own.port}"}}`)
    expect(findTakenAddress(configuration, new Map([['old', own.port]]))).toBeUndefined()
  })

  test('is shared with another program when the configuration says reusePort', () => {
    using other = open({ reusePort: true })
    const address = `127.0.0.1:${other.port}`
    const configuration = staticConfiguration(`entryPoints: {web: {address: "${address}", reusePort: true}}`)
    expect(findTakenAddress(configuration, new Map())).toBeUndefined()
  })

  test('is free again when it has been tried', () => {
    let port: number
    {
      using closing = open({ reusePort: false })
      port = closing.port
    }
    const configuration = staticConfiguration(`entryPoints: {web: {address: "127.0.0.1:${port}"}}`)
    expect(findTakenAddress(configuration, new Map())).toBeUndefined()
    expect(findTakenAddress(configuration, new Map())).toBeUndefined()
  })
})
