import { describe, expect, test } from 'bun:test'
import type { Probed } from '../../src/service/health/check.ts'
import type { Verdict } from '../../src/service/health/probe.ts'
import { CheckCircle } from '../../src/worker/check-circle.ts'
import { socketTransport } from '../../src/upstream/socket.ts'
import { addressOf, transportOptions } from '../support/transport.ts'

const up: Verdict = { isUp: true }
const down: Verdict = { isUp: false, reason: 'refused' }

const probed: Probed = {
  key: 'check',
  transport: socketTransport(transportOptions()),
  plan: {
    mode: 'http',
    ...{ server: addressOf('http://127.0.0.1:1'), host: 'a.test', target: '/', method: 'GET', headers: [], status: 0 },
    ...{ followRedirects: true, intervalMs: 1000, unhealthyIntervalMs: 1000, timeoutMs: 1000 },
  },
}

/** Two workers that hear each other; `probes` has the way to give an outcome for each that probes. */
function twoWorkers() {
  const probes = new Map<string, (verdict: Verdict) => void>()
  const worker = (name: string, other: () => CheckCircle) =>
    new CheckCircle(
      (message) => other().hear(message),
      (_, report) => {
        probes.set(name, report)
        return () => probes.delete(name)
      },
    )
  const one: CheckCircle = worker('one', () => two)
  const two: CheckCircle = worker('two', () => one)
  return { one, two, probes }
}

/** Opens the check and keeps what it reports. */
function open(circle: CheckCircle) {
  const heard: boolean[] = []
  const close = circle.run(probed, ({ isUp }) => void heard.push(isUp))
  return { heard, close }
}

describe('a circle of checks', () => {
  test('has the leading worker probe, and both know', () => {
    const { one, two, probes } = twoWorkers()
    one.lead()
    const [atOne, atTwo] = [open(one), open(two)]
    expect([...probes.keys()]).toEqual(['one'])
    probes.get('one')?.(down)
    probes.get('one')?.(up)
    expect([atOne.heard, atTwo.heard]).toEqual([
      [false, true],
      [false, true],
    ])
  })

  test('tells a check that opens later what is known, before any request', () => {
    const { one, two, probes } = twoWorkers()
    one.lead()
    open(one)
    probes.get('one')?.(down)
    expect(open(two).heard).toEqual([false])
  })

  test('goes on probing what is open when another worker takes the lead', () => {
    const { two, probes } = twoWorkers()
    const { heard, close } = open(two)
    expect(probes.size).toBe(0)
    two.lead()
    two.lead()
    expect([...probes.keys()]).toEqual(['two'])
    probes.get('two')?.(down)
    expect(heard).toEqual([false])
    close()
    expect(probes.size).toBe(0)
  })

  test('forgets a check that has ended', () => {
    const { one, two, probes } = twoWorkers()
    one.lead()
    const { close } = open(one)
    probes.get('one')?.(down)
    close()
    expect(open(two).heard).toEqual([])
  })
})
