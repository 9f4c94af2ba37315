import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawServer } from '../support/raw-server.ts'
import { residentBytes } from '../support/resident-memory.ts'
import { startSluice, type RunningSluice } from '../support/sluice.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary.ts'
import { buildExecutable, curl, everythingTo, startProxy } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

/** A document with one router for `/<name>`, which answers 418. */
const routerFor = (name: string) =>
  `http:\n  routers:\n    ${name}:\n      rule: Path(\`/${name}\`)\n      service: noop@internal\n`

interface DirectoryStage extends AsyncDisposable {
  readonly sluice: RunningSluice
  readonly folder: TemporaryFolder
  /** Status of `/<name>`. */
  status(name: string): Promise<number>
  until(name: string, status: number): Promise<void>
}

async function startOnDirectory(files: Readonly<Record<string, string>>): Promise<DirectoryStage> {
  const folder = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) await folder.write(`conf/${name}`, text)
  const sluice = await startSluice([
    '--entryPoints.web.address=127.0.0.1:0',
    '--providers.providersThrottleDuration=0',
    `--providers.file.directory=${folder.path}/conf`,
    '--log.level=WARN',
  ])
  const status = async (name: string) => (await curl(sluice.ports['web']!, `http://a.test/${name}`)).status
  return {
    sluice,
    folder,
    status,
    until: (name, wanted) => eventually(async () => (await status(name)) === wanted, `${wanted} for /${name}`),
    [Symbol.asyncDispose]: async () => {
      await sluice[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A document that only the complete parser knows, and that it takes a while for. */
const largeOddDocument = `${routerFor('odd')}${Array.from(
  { length: 3000 },
  (_, at) => `    r${at}: { rule: "Path(\`/r${at}\`)", service: noop@internal, priority: !!int "${at + 1}" }\n`,
).join('')}`

/** Of the threads of a process that parse documents. */
async function parserThreads(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  // One that has ended meanwhile has no name.
  const names = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/comm`, 'utf8').catch(() => ''))
  return (await Promise.all(names)).filter((name) => name === 'Worker\n').length
}

describe('the configuration directory', () => {
  test('with a large file of odd syntax has it parsed in a thread that ends with the work', async () => {
    await using stage = await startOnDirectory({ 'a.yaml': routerFor('a') })
    const { pid } = stage.sluice
    expect(await parserThreads(pid)).toBe(0)
    await stage.folder.write('conf/b.yaml', largeOddDocument)
    await eventually(async () => (await parserThreads(pid)) > 0, 'a thread that parses')
    await stage.until('odd', 418)
    expect(await stage.status('r2999')).toBe(418)
    await eventually(async () => (await parserThreads(pid)) === 0, 'the end of the thread')
  })

  test('with a bad file among three serves the others, and the last good version of the bad one', async () => {
    const files = { 'a.yaml': routerFor('a'), 'b.yaml': routerFor('b'), 'c.yaml': routerFor('c') }
    await using stage = await startOnDirectory(files)
    await stage.folder.write('conf/b.yaml', 'http:\n  routers:\n   b: {\n')
    await stage.sluice.waitFor(/b\.yaml:\d+:\d+: /)
    await stage.folder.write('conf/c.yaml', routerFor('new'))
    await stage.until('new', 418)
    expect([await stage.status('a'), await stage.status('b'), await stage.status('c')]).toEqual([418, 418, 404])
    await stage.folder.write('conf/b.yaml', routerFor('mended'))
    await stage.until('mended', 418)
    expect(await stage.status('b')).toBe(404)
  })

  test('with a file that is bad from the start serves the others', async () => {
    await using stage = await startOnDirectory({ 'a.yaml': routerFor('a'), 'b.yaml': 'http: [' })
    expect(await stage.status('a')).toBe(418)
    expect(stage.sluice.output).toMatch(/b\.yaml:1:\d+: /)
  })

  test('with a bad router keeps that one’s last good version and takes the rest of the file', async () => {
    await using stage = await startOnDirectory({ 'a.yaml': routerFor('a') })
    const bad = routerFor('a').replace('Path(', 'Pth(') + routerFor('b').split('\n').slice(2).join('\n')
    await stage.folder.write('conf/a.yaml', bad)
    await stage.until('b', 418)
    expect(await stage.status('a')).toBe(418)
    expect(stage.sluice.output).toMatch(/a\.yaml:4:13: http\.routers\.a\.rule: .*Pth.*did you mean/)
  })

  test('loses the routers of a file that is deleted, and has them again with the file', async () => {
    await using stage = await startOnDirectory({ 'a.yaml': routerFor('a'), 'b.yaml': routerFor('b') })
    await rm(join(stage.folder.path, 'conf/b.yaml'))
    await stage.until('b', 404)
    expect(await stage.status('a')).toBe(418)
    await stage.folder.write('conf/b.yaml', routerFor('b'))
    await stage.until('b', 418)
  })

  test('sees a file that is renamed over another, and one in a folder that appears', async () => {
    await using stage = await startOnDirectory({ 'a.yaml': routerFor('a') })
    const temporary = await stage.folder.write('next', routerFor('renamed'))
    await rename(temporary, join(stage.folder.path, 'conf/a.yaml'))
    await stage.until('renamed', 418)
    await mkdir(join(stage.folder.path, 'conf/deep/er'), { recursive: true })
    await stage.folder.write('conf/deep/er/x.yml', routerFor('deep'))
    await stage.until('deep', 418)
  })

  test('may appear later', async () => {
    await using stage = await startOnDirectory({})
    expect(await stage.status('a')).toBe(404)
    await stage.folder.write('conf/a.yaml', routerFor('a'))
    await stage.until('a', 418)
  })

  test('is read again at SIGHUP when it is not watched', async () => {
    await using folder = await temporaryFolder()
    const file = await folder.write('d.yaml', routerFor('a'))
    const flags = [
      '--entryPoints.web.address=127.0.0.1:0',
      `--providers.file.filename=${file}`,
      '--providers.file.watch=false',
    ]
    await using sluice = await startSluice([...flags, '--providers.providersThrottleDuration=0'])
    const status = async (name: string) => (await curl(sluice.ports['web']!, `http://a.test/${name}`)).status
    await folder.write('d.yaml', routerFor('b'))
    await Bun.sleep(200)
    expect(await status('b')).toBe(404)
    sluice.signal('SIGHUP')
    await eventually(async () => (await status('b')) === 418, 'the new router')
    expect(await status('a')).toBe(404)
  })
})

/** Requests one after the other on kept-alive connections until told to stop; any wrong answer is a failure. */
function load(port: number, connections: number) {
  let isStopped = false
  const counts = { requests: 0, failures: [] as string[] }
  const one = async () => {
    using client = await rawClient(port)
    let seen = 0
    const answer = /HTTP\/1\.1 (\d+)[^]*?\r\n\r\nhello/g
    while (!isStopped) {
      client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
      counts.requests += 1
      try {
        await client.waitFor((bytes) => bytes.length > seen && bytes.subarray(seen).includes('hello'))
      } catch (thrown) {
        counts.failures.push(String(thrown).slice(0, 300))
        return
      }
      const text = client.bytes.subarray(seen).toString('latin1')
      if (!answer.test(text)) counts.failures.push(text)
      answer.lastIndex = 0
      seen = client.bytes.length
    }
  }
  const running = Promise.all(Array.from({ length: connections }, one))
  return { counts, stop: async () => ((isStopped = true), await running, counts) }
}

describe('a reload', () => {
  test('every 100 ms under load fails no request and does not grow', async () => {
    using upstream = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
    const version = (number: number) => ({
      http: {
        ...everythingTo(`http://127.0.0.1:${upstream.port}`).http,
        middlewares: { tag: { headers: { customResponseHeaders: { 'X-Version': String(number) } } } },
        routers: { all: { rule: 'PathPrefix(`/`)', service: 'app', middlewares: ['tag'] } },
      },
    })
    await using proxy = await startProxy({ dynamic: version(0) })
    const versions = new Set<string>()
    const running = load(proxy.port(), 4)
    const reload = async (from: number, times: number) => {
      for (let number = from; number < from + times; number++) {
        await proxy.reconfigure(version(number))
        await Bun.sleep(100)
        versions.add(/x-version: (\d+)/i.exec((await curl(proxy.port(), 'http://a.test/')).head)?.[1] ?? 'none')
      }
    }
    await reload(1, 6)
    const before = await residentBytes(proxy.sluice.pid)
    await reload(7, 16)
    const grown = (await residentBytes(proxy.sluice.pid)) - before
    const { requests, failures } = await running.stop()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(1000)
    expect(versions.size).toBeGreaterThan(15)
    expect(grown).toBeLessThan(24 * 1024 * 1024)
  }, 20_000)

  test('that changes the server and its transport lets a request in flight finish', async () => {
    using first = await rawServer()
    using second = await rawServer()
    const plan = (address: string, dialTimeout: string) => ({
      http: {
        routers: { all: { rule: 'PathPrefix(`/`)', service: 'app' } },
        services: { app: { loadBalancer: { servers: [{ url: `http://${address}` }], serversTransport: 't' } } },
        serversTransports: { t: { forwardingTimeouts: { dialTimeout } } },
      },
    })
    await using proxy = await startProxy({ dynamic: plan(first.address, '5s') })
    using slow = await rawClient(proxy.port())
    slow.write('GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const held = await first.accept()
    await held.waitFor(/\r\n\r\n/)
    await proxy.reconfigure(plan(second.address, '6s'))
    await eventually(async () => {
      using probe = await rawClient(proxy.port())
      probe.write('GET /probe HTTP/1.1\r\nHost: a.test\r\n\r\n')
      await Bun.sleep(20)
      return second.acceptedCount > 0
    }, 'the second server is asked')
    held.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfrom ')
    await slow.waitFor(/from $/)
    held.write('afar')
    await slow.waitFor(/from afar$/)
  })

  test('keeps upgraded connections and TCP tunnels', async () => {
    using server = await rawServer()
    const plan = (generation: number) => ({
      http: {
        routers: {
          up: { rule: 'Path(`/up`)', service: 'app' },
          [`v${generation}`]: { rule: `Path(\`/v${generation}\`)`, service: 'noop@internal' },
        },
        services: { app: { loadBalancer: { servers: [{ url: `http://${server.address}` }] } } },
      },
    })
    await using proxy = await startProxy({ dynamic: plan(1) })
    using client = await rawClient(proxy.port())
    client.write('GET /up HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const accepted = await server.accept()
    await accepted.waitFor(/\r\n\r\n/)
    accepted.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi')
    await client.waitFor(/\r\n\r\nhi$/)
    await proxy.reconfigure(plan(2))
    await eventually(async () => (await curl(proxy.port(), 'http://a.test/v2')).status === 418, 'the reload')
    client.write('ping')
    await accepted.waitFor(/ping$/)
    accepted.write('pong')
    await client.waitFor(/pong$/)
    accepted.end()
    await within(client.ended, 'the FIN')
  })
})
