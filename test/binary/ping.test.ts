import { beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { anyPort, buildExecutable, curl, startProxy } from './proxy.ts'
import { startSupervised } from './supervised.ts'

beforeAll(buildExecutable, 60_000)

/** A last while in which requests are still taken. */
const lingering = (requestAcceptGraceTimeout: string) => {
  return { web: { address: '127.0.0.1:0', transport: { lifeCycle: { requestAcceptGraceTimeout } } } }
}
const dynamic = { http: { routers: { all: { rule: 'PathPrefix(`/`)', service: 'whoami@internal' } } } }

/** Undefined when no connection was to be had. */
async function pinged(port: number): Promise<number | undefined> {
  const { status } = await curl(port, 'http://a.test/ping')
  return status === 0 ? undefined : status
}

describe('ping', () => {
  test.each([1, 2])(
    'tells that the program is about to end while it still takes requests (workers: %p)',
    async (workers) => {
      const ping = { entryPoint: 'web', terminatingStatusCode: 418 }
      const entryPoints = lingering('700ms')
      await using proxy = await startProxy({ static: { entryPoints, ping, workers }, dynamic })
      expect(await pinged(proxy.port())).toBe(200)
      proxy.sluice.signal('SIGTERM')
      await eventually(async () => (await pinged(proxy.port())) === 418, 'ping tells of the end')
      expect((await curl(proxy.port(), 'http://a.test/')).status).toBe(200)
      expect(await within(proxy.sluice.exited, 'the exit', 5000)).toBe(0)
    },
  )

  test('tells of no end when workers are merely replaced', async () => {
    const plan = { static: { entryPoints: lingering('300ms'), ping: { entryPoint: 'web' } }, dynamic }
    await using supervised = await startSupervised(plan)
    supervised.change({ accessLog: { filePath: '/dev/null' } })
    let isReplacing = true
    const replaced = supervised.supervisor.reload().then(() => (isReplacing = false))
    const answers = new Set<number | undefined>()
    while (isReplacing) answers.add(await pinged(supervised.port))
    await replaced
    answers.delete(undefined)
    expect([...answers]).toEqual([200])
  })
})

describe('the API of workers', () => {
  test('tells what the worker knows that took the connection', async () => {
    const api = { insecure: true }
    const all = { web: anyPort, traefik: anyPort }
    await using proxy = await startProxy({ static: { entryPoints: all, api, workers: 2 }, dynamic })
    const { body } = await curl(proxy.port('traefik'), 'http://a.test/api/http/routers/all@file')
    expect(JSON.parse(body)).toMatchObject({ rule: 'PathPrefix(`/`)', status: 'enabled', using: ['web'] })
  })
})

describe('a dashboard that is asked for', () => {
  test.each([
    [1, {}, 1],
    [2, {}, 1],
    [1, { dashboard: false }, 0],
  ])('is said not to be there yet (workers: %p, api: %j): %p time', async (workers, api, times) => {
    const more = { workers, api: { dashboard: true, ...api }, log: { level: 'INFO' } }
    await using proxy = await startProxy({ static: more, dynamic })
    proxy.sluice.signal('SIGTERM')
    await proxy.sluice.waitFor(/shutting down/)
    expect(proxy.sluice.output.split('there are no dashboard pages yet').length - 1).toBe(times)
  })
})
