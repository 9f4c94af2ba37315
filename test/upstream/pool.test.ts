import { describe, expect, test } from 'bun:test'
import { ConnectionPool } from '../../src/upstream/pool.ts'
import type { UpstreamConnection } from '../../src/http1/client.ts'

interface Idle {
  readonly remoteAddress: string
  isClosed: boolean
}

/** What a pool uses of a connection. */
function idle(remoteAddress: string): Idle & UpstreamConnection {
  const connection = { remoteAddress, isClosed: false, close: () => void (connection.isClosed = true) }
  return connection as Idle & UpstreamConnection
}

describe('ConnectionPool', () => {
  test('gives the warmest back first, and takes no more than its limit', () => {
    const pool = new ConnectionPool(2)
    const [first, second, third] = [idle('10.0.0.1'), idle('10.0.0.1'), idle('10.0.0.1')]
    expect([pool.give(first), pool.give(second), pool.give(third)]).toEqual([true, true, false])
    expect([pool.take(), pool.take(), pool.take()]).toEqual([second, first, undefined])
  })

  test('gives up connections to addresses that the name no longer has', () => {
    const pool = new ConnectionPool(9)
    const [old, busy, current] = [idle('10.0.0.1'), idle('10.0.0.1'), idle('10.0.0.2')]
    pool.give(old)
    pool.give(current)
    pool.retain(new Set(['10.0.0.2']))
    expect([old.isClosed, current.isClosed, pool.idleCount]).toEqual([true, false, 1])
    expect(pool.give(busy)).toBe(false)
  })

  test('takes nothing once it is closed', () => {
    const pool = new ConnectionPool(9)
    const connection = idle('10.0.0.1')
    pool.give(connection)
    pool.close()
    expect(connection.isClosed).toBe(true)
    expect(pool.give(idle('10.0.0.1'))).toBe(false)
  })
})
