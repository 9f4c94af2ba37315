import { readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'bun:test'
import { within } from '../provider/within.ts'
import { eventually } from '../support/eventually.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { rawServer } from '../support/raw-server.ts'
import { runProgram, startProgram } from '../support/process.ts'
import { executable } from '../support/sluice.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { anyPort, asText, buildExecutable, curl, everythingTo, startProxy, type ProxyPlan } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

const get = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
const patient = { address: '127.0.0.1:0', transport: { lifeCycle: { graceTimeOut: '5s' } } }
const whoami = { http: { routers: { all: { rule: 'PathPrefix(`/`)', service: 'whoami@internal' } } } }

function startWorkers({ static: more, ...plan }: Partial<ProxyPlan> = {}) {
  return startProxy({ dynamic: whoami, ...plan, static: { workers: 2, entryPoints: { web: anyPort }, ...more } })
}

/** The processes that a process has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await Bun.file(`/proc/${pid}/task/${pid}/children`).text()
  return text.split(' ').filter(Boolean).map(Number)
}

/** One that has ended may wait for somebody to take note of it: a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/**
 * Requests in flight at a slow server; all must come to their end. The kernel spreads connections by chance: of sixteen
 * some are at either worker, where four would all be at one in every eighth run.
 */
async function startSlow(command: readonly string[] = []) {
  const server = await rawServer()
  const dynamic = everythingTo(`http://${server.address}`)
  const proxy = await startWorkers({ static: { entryPoints: { web: patient } }, dynamic, command })
  const clients = await Promise.all(Array.from({ length: 16 }, () => rawClient(proxy.port())))
  const exchanges: RawClient[] = []
  for (const client of clients) {
    client.write(get)
    const exchange = await server.accept()
    await exchange.waitFor(/\r\n\r\n/)
    exchanges.push(exchange)
  }
  return {
    proxy,
    workers: await childrenOf(proxy.sluice.pid),
    finish: async () => {
      for (const exchange of exchanges) exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
      await Promise.all(clients.map((client) => client.waitFor(/done$/)))
      for (const client of clients) client.end()
    },
    isRefused: () => rawClient(proxy.port()).then(refuse, () => true),
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client[Symbol.dispose]()
      server[Symbol.dispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

function refuse(client: RawClient): boolean {
  client[Symbol.dispose]()
  return false
}

describe('sluice with workers', () => {
  test('says that it is ready once, when two processes of its own listen on every entry point', async () => {
    await using proxy = await startWorkers({ static: { entryPoints: { web: anyPort, other: anyPort } } })
    const workers = await childrenOf(proxy.sluice.pid)
    expect(workers).toHaveLength(2)
    expect(proxy.sluice.output.match(/sluice ready/g)).toHaveLength(1)
    const { stdout } = await runProgram(['ss', '-ltnpH'])
    for (const name of ['web', 'other']) {
      const sharing = stdout.split('\n').filter((line) => line.includes(`127.0.0.1:${proxy.port(name)} `))
      const pids = sharing.map((line) => Number(/pid=(\d+)/.exec(line)?.[1]))
      expect(pids.sort()).toEqual(workers.sort())
      expect((await curl(proxy.port(name), 'http://a.test/')).status).toBe(200)
    }
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('lets all requests finish at %s, and ends with 0', async (signal) => {
    await using stage = await startSlow()
    stage.proxy.sluice.signal(signal)
    await eventually(stage.isRefused, 'new connections are refused')
    // A second one changes nothing.
    stage.proxy.sluice.signal(signal)
    await stage.finish()
    expect(await within(stage.proxy.sluice.exited, 'the exit')).toBe(0)
    expect(stage.workers.filter(isAlive)).toEqual([])
  })

  test('ends with 0 at a signal that comes while it starts', async () => {
    await using program = startProgram([executable, '--workers=2', '--entryPoints.web.address=127.0.0.1:0'])
    await eventually(async () => (await childrenOf(program.pid)).length > 0, 'the first worker')
    program.signal('SIGTERM')
    expect(await within(program.exited, 'the exit')).toBe(0)
    expect(program.output).not.toMatch(/ERR|sluice:/)
  })

  test('does the same when a terminal interrupts the whole group of processes', async () => {
    await using stage = await startSlow(['setsid'])
    process.kill(-stage.proxy.sluice.pid, 'SIGINT')
    await eventually(stage.isRefused, 'new connections are refused')
    expect(stage.workers.filter(isAlive)).toEqual(stage.workers)
    await stage.finish()
    expect(await within(stage.proxy.sluice.exited, 'the exit')).toBe(0)
    expect(stage.proxy.sluice.output).not.toMatch(/ERR/)
  })

  test('drains when the supervisor is killed', async () => {
    await using stage = await startSlow()
    stage.proxy.sluice.signal('SIGKILL')
    await eventually(stage.isRefused, 'new connections are refused')
    expect(stage.workers.filter(isAlive)).toEqual(stage.workers)
    await stage.finish()
    await eventually(() => !stage.workers.some(isAlive), 'the end of all workers')
  })

  test('starts another process for one that is killed, and says so', async () => {
    await using proxy = await startWorkers()
    const [victim = 0, other = 0] = await childrenOf(proxy.sluice.pid)
    process.kill(victim, 'SIGKILL')
    await proxy.sluice.waitFor(/ERR a worker has ended, another one follows worker=1 pid=\d+ how="signal SIGKILL"/)
    await eventually(async () => (await childrenOf(proxy.sluice.pid)).length === 2, 'another process')
    expect(await childrenOf(proxy.sluice.pid)).toContain(other)
  })

  test('does not start on an address that another program shares with everybody', async () => {
    await using running = await startWorkers()
    const flags = ['--workers=2', `--entryPoints.web.address=127.0.0.1:${running.port()}`]
    const { code, stdout, stderr } = await runProgram([executable, ...flags])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe(`sluice: entry point web can't listen on 127.0.0.1:${running.port()}: the address is in use\n`)
  })

  test('does not start when no worker can', async () => {
    const flags = ['--entryPoints.web.address=127.0.0.1:0', '--accessLog.filePath=/proc/nowhere/access.log']
    const { code, stdout, stderr } = await runProgram([executable, '--workers=2', ...flags])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^sluice: cannot open the log file \/proc\/nowhere\/access\.log: .*\n$/)
  })

  test('logs what is wrong with the configuration once', async () => {
    const dynamic = { http: { routers: { a: { rule: 'Path(`/a`)', service: 'gone' } } } }
    await using proxy = await startWorkers({ dynamic })
    const line = /ERR \S+:1:\d+: http\.routers\.a\.service: the service "gone@file" does not exist/g
    expect(proxy.sluice.output.match(line)).toHaveLength(1)
  })

  test('writes whole lines of all workers to one access log, and to a new one after SIGUSR1', async () => {
    await using folder = await temporaryFolder()
    const filePath = `${folder.path}/access.log`
    await using proxy = await startWorkers({ static: { accessLog: { filePath, format: 'json', addInternals: true } } })
    const ask = async (path: string) => {
      const asked = Array.from({ length: 16 }, () => curl(proxy.port(), `http://a.test/${path}`))
      expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]))
    }
    const paths = async (file: string): Promise<string[]> => {
      const lines = (await Bun.file(file).text()).split('\n').slice(0, -1)
      return lines.map((line) => (JSON.parse(line) as { RequestPath: string }).RequestPath)
    }
    await ask('old')
    await eventually(async () => (await paths(filePath)).length === 16, 'all lines')
    await rename(filePath, `${filePath}.1`)
    proxy.sluice.signal('SIGUSR1')
    await eventually(() => Bun.file(filePath).exists(), 'the new file')
    await eventually(async () => (await openFiles(proxy.sluice.pid, `${filePath}.1`)) === 0, 'the old file is closed')
    await ask('new')
    await eventually(async () => (await paths(filePath)).length === 16, 'all lines in the new file')
    expect(new Set(await paths(`${filePath}.1`))).toEqual(new Set(['/old']))
    expect(new Set(await paths(filePath))).toEqual(new Set(['/new']))
  })
})

/** How many of the workers have the file open. */
async function openFiles(supervisor: number, path: string): Promise<number> {
  const { stdout } = await runProgram([
    'sh',
    '-c',
    `ls -l ${(await childrenOf(supervisor)).map((pid) => `/proc/${pid}/fd`).join(' ')}`,
  ])
  return stdout.split('\n').filter((line) => line.endsWith(` ${path}`)).length
}

describe('SIGHUP', () => {
  test('replaces the workers when the static file has changed, and keeps them when it has mistakes', async () => {
    await using proxy = await startWorkers()
    const file = `${proxy.folder.path}/static.yaml`
    const text = await Bun.file(file).text()
    const before = await childrenOf(proxy.sluice.pid)

    await proxy.folder.write('static.yaml', text.replace('"workers":2', '"workers":"several"'))
    proxy.sluice.signal('SIGHUP')
    await proxy.sluice.waitFor(/static\.yaml:1:\d+: workers: is no number of processes: "several"/)
    await proxy.sluice.waitFor(/the static configuration has mistakes, so nothing changes/)
    expect(await childrenOf(proxy.sluice.pid)).toEqual(before)

    await proxy.folder.write('static.yaml', asText({ ...JSON.parse(text), log: { level: 'INFO' } }))
    proxy.sluice.signal('SIGHUP')
    await proxy.sluice.waitFor(/INF the new static configuration is served workers=2/)
    const after = await childrenOf(proxy.sluice.pid)
    expect(after).toHaveLength(2)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect((await curl(proxy.port(), 'http://a.test/')).status).toBe(200)
  })
})

describe('sluice worker', () => {
  test('is not for people', async () => {
    const { code, stderr } = await runProgram([executable, 'worker'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^sluice: a worker is started by sluice itself/)
    const help = await runProgram([executable, 'help'])
    expect(help.stdout).not.toMatch(/sluice worker/)
  })
})
