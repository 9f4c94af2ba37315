import { describe, expect, test } from 'bun:test'
import { Upstreams } from '../../src/upstream/upstreams.ts'
import { addressOf } from '../support/transport.ts'

function make() {
  const closed: string[] = []
  const upstreams = new Upstreams<{ origin: string }>({
    make: ({ origin }) => ({ origin }),
    readdress: () => {},
    close: ({ origin }) => closed.push(origin),
    idleTimeoutMs: 1000,
  })
  return { upstreams, closed }
}

describe('Upstreams', () => {
  test('are the same for one origin, whatever object names it', () => {
    const { upstreams } = make()
    const first = upstreams.get(addressOf('http://10.0.0.1:80/a'))
    expect(upstreams.get(addressOf('http://10.0.0.1/b'))).toBe(first)
    expect(upstreams.get(addressOf('https://10.0.0.1'))).not.toBe(first)
  })

  test('are closed together, and keep those in use while there are many', () => {
    const { upstreams, closed } = make()
    for (let at = 0; at < 500; at++) upstreams.get(addressOf(`http://10.0.0.1:${1000 + at}`))
    expect(closed).toEqual([])
    upstreams.close()
    expect(closed).toHaveLength(500)
  })
})
