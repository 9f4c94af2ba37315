import { describe, expect, test } from 'bun:test'
import { silentLog } from '../../../src/observe/log.ts'
import { HealthCheck, probeRegularly } from '../../../src/service/health/check.ts'
import type { CheckPlan } from '../../../src/service/health/plan.ts'
import { socketTransport } from '../../../src/upstream/socket.ts'
import { within } from '../../provider/within.ts'
import { addressOf, transportOptions } from '../../support/transport.ts'

function watchServer(answer: () => number) {
  const probes: number[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch() {
      probes.push(performance.now())
      return new Response('', { status: answer() })
    },
  })
  const plan: CheckPlan = {
    mode: 'http',
    ...{ server: addressOf(`http://127.0.0.1:${server.port}`), host: 'a.test', target: '/', method: 'GET' },
    ...{ headers: [], status: 0, followRedirects: true, intervalMs: 20, unhealthyIntervalMs: 5, timeoutMs: 1000 },
  }
  const transport = socketTransport(transportOptions())
  const check = new HealthCheck({ key: 'only', plan, transport, runCheck: probeRegularly, log: silentLog })
  const close = async () => {
    check[Symbol.dispose]()
    transport.close()
    await server.stop(true)
  }
  return { check, probes, close }
}

/** Resolves with the outcome of the next probe that has this one. */
function outcome(check: HealthCheck, wanted: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const unsubscribe = check.subscribe((isUp) => {
    if (isUp !== wanted) return
    unsubscribe()
    resolve()
  })
  return within(promise, `a probe that finds the server ${wanted ? 'up' : 'down'}`)
}

describe('a health check', () => {
  test('takes a server for up until a probe fails, and for down until one does not', async () => {
    let status = 200
    const { check, close } = watchServer(() => status)
    expect(check.isUp).toBe(true)
    await outcome(check, true)
    status = 500
    await outcome(check, false)
    expect(check.isUp).toBe(false)
    status = 200
    await outcome(check, true)
    expect(check.isUp).toBe(true)
    await close()
  })

  test('probes no more once it is disposed of, not even when a probe is on its way', async () => {
    const { check, probes, close } = watchServer(() => 200)
    await outcome(check, true)
    let heard = 0
    check.subscribe(() => heard++)
    await close()
    const asked = probes.length
    await Bun.sleep(60)
    expect([probes.length, heard]).toEqual([asked, 0])
  })
})
