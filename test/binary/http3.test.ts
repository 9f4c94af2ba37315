import { beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { Http3Client, Http3Fetch } from '../support/http3-client.ts'
import { anyPort, buildExecutable, curl, startProxy } from './proxy.ts'
import { startSupervised } from './supervised.ts'

beforeAll(buildExecutable, 60_000)

const patient = { address: '127.0.0.1:0', transport: { lifeCycle: { graceTimeOut: '2s' } }, http3: {} }
const entryPoints = { web: patient }
const dynamic = { http: { routers: { all: { rule: 'PathPrefix(`/`)', service: 'whoami@internal', tls: {} } } } }

async function isServed(port: number): Promise<boolean> {
  try {
    await using client = await Http3Client.connect(port)
    return (await client.request()).status === 200
  } catch {
    return false
  }
}

describe('The executable', () => {
  test('speaks HTTP/3 beside the other versions, and ends with its connections', async () => {
    await using proxy = await startProxy({ static: { entryPoints, log: { level: 'INFO' } }, dynamic })
    using client = new Http3Fetch(proxy.port())
    const response = await client.get('/hello', { method: 'POST', body: 'a body' })
    expect(await response.text()).toContain('POST /hello HTTP/1.1')
    const { head } = await curl(proxy.port(), 'https://a.test/', '-k')
    expect(head).toContain(`Alt-Svc: h3=":${proxy.port()}"; ma=2592000`)
    await proxy.sluice.waitFor(/entry point listens for HTTP\/3, which is experimental/)
    expect(proxy.sluice.output).not.toContain('ExperimentalWarning')
    proxy.sluice.signal('SIGTERM')
    expect(await proxy.sluice.exited).toBe(0)
  })

  test('says nothing of HTTP/3, and takes no UDP port, where no entry point asks for it', async () => {
    await using proxy = await startProxy({ static: { entryPoints: { web: anyPort } }, dynamic })
    const socket = await Bun.udpSocket({ hostname: '127.0.0.1', port: proxy.port() })
    socket.close()
    expect(proxy.sluice.output).not.toContain('HTTP/3')
  })
})

describe('One of several workers', () => {
  test('serves HTTP/3, and another takes over when it ends', async () => {
    await using supervised = await startSupervised({ static: { entryPoints, workers: 2 }, dynamic })
    await eventually(() => isServed(supervised.port), 'HTTP/3', 8000)
    const before = new Set(await supervised.pids())
    for (const pid of before) {
      process.kill(pid, 'SIGKILL')
      await eventually(async () => (await supervised.pids()).every((now) => now !== pid), 'the other process', 8000)
      await eventually(() => isServed(supervised.port), 'HTTP/3 again', 8000)
    }
  }, 40_000)
})
