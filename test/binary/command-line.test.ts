import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { runProgram, startProgram } from '../support/process.ts'
import { executable, startSluice } from '../support/sluice.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { buildExecutable, curl } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

/** In a folder of its own: a configuration of the machine's user must not decide about a test. */
async function runSluice(flags: readonly string[], env: Record<string, string> = {}) {
  await using folder = await temporaryFolder()
  return await runProgram([executable, ...flags], { cwd: folder.path, env })
}

describe('the executable', () => {
  test('ends with 1 and the name of a configuration file that does not exist', async () => {
    const { code, stderr } = await runSluice(['--configFile=nope.yaml'])
    expect(stderr).toContain('no such file: nope.yaml')
    expect(code).toBe(1)
  })

  test.each([['check'], ['run']])('%s does not take a file without its flag for nothing', async (command) => {
    const { code, stdout, stderr } = await runSluice([command, 'my.yaml'])
    expect(stdout + stderr).toContain('my.yaml: is not a flag (did you mean --configFile=my.yaml?)')
    expect(code).toBe(1)
  })

  test('ends with 2 at an unknown command, and guesses', async () => {
    const { code, stderr } = await runSluice(['chekc'])
    expect(stderr).toContain('there is no command "chekc"')
    expect(stderr).toContain('did you mean check?')
    expect(code).toBe(2)
  })

  test('tells every mistake of a static file with its place, and ends with 1', async () => {
    await using folder = await temporaryFolder()
    const file = await folder.write('s.yaml', 'entryPoints:\n  web:\n    adress: ":80"\nlog:\n  level: LOUD\n')
    const { code, stderr } = await runProgram([executable, `--configFile=${file}`])
    expect(stderr).toMatch(/s\.yaml:3:5: entryPoints\.web\.adress: unknown key .*did you mean "address"\?/)
    expect(stderr).toMatch(/s\.yaml:3:5: entryPoints\.web\.address: is required/)
    expect(stderr).toMatch(/s\.yaml:5:10: log\.level: .*DEBUG/)
    expect(code).toBe(1)
  })

  test('names dynamic sections in a static file as such', async () => {
    await using folder = await temporaryFolder()
    const file = await folder.write('s.yaml', 'entryPoints: { web: { address: ":0" } }\nhttp:\n  routers: {}\n')
    const { code, stderr } = await runProgram([executable, `--configFile=${file}`])
    expect(stderr).toMatch(/s\.yaml:2:1: http: is dynamic configuration/)
    expect(code).toBe(1)
  })

  test('names the entry point and the address that is in use, and ends with 1', async () => {
    const holder = createServer()
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port))
    })
    const { code, stderr } = await runSluice([`--entryPoints.web.address=127.0.0.1:${port}`])
    holder.close()
    expect(stderr).toContain(`entry point web can't listen on 127.0.0.1:${port}: the address is in use`)
    expect(code).toBe(1)
  })

  test('says that there are no routers when no provider is configured', async () => {
    await using folder = await temporaryFolder()
    await using sluice = await startSluice(['--entryPoints.web.address=127.0.0.1:0'], ['env', '-C', folder.path])
    await sluice.waitFor(/no provider is configured, so there are no routers/)
  })

  test('says why an address can’t be had', async () => {
    const { code, stderr } = await runSluice(['--entryPoints.web.address=192.0.2.1:80'])
    expect(stderr).toContain("entry point web can't listen on 192.0.2.1:80: ")
    expect(code).toBe(1)
  })

  test('lets a flag win over the environment, and the environment over the file', async () => {
    await using folder = await temporaryFolder()
    const entryPoints = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { address: '192.0.2.1:1' }]))
    const file = await folder.write('s.yaml', JSON.stringify({ entryPoints: { ...entryPoints, d: { address: ':0' } } }))
    const environment = ['A', 'B', 'C'].map(
      (name) => `SLUICE_ENTRYPOINTS_${name}_ADDRESS=127.0.0.1:${name === 'A' ? 1 : 0}`,
    )
    const flags = [`--configFile=${file}`, '--entryPoints.a.address=127.0.0.1:0']
    await using sluice = await startSluice(flags, ['env', ...environment])
    expect(sluice.output).toMatch(
      /^sluice ready: a=127\.0\.0\.1:\d+ b=127\.0\.0\.1:\d+ c=127\.0\.0\.1:\d+ d=\[::\]:\d+$/m,
    )
  })

  test('loads neither .env nor bunfig.toml from the working directory', async () => {
    await using folder = await temporaryFolder()
    await folder.write('.env', 'SLUICE_ENTRYPOINTS_STRAY_ADDRESS=127.0.0.1:0\n')
    await folder.write('bunfig.toml', 'preload = ["./preload.ts"]\n')
    await folder.write('preload.ts', 'console.log("PRELOADED")\n')
    await using sluice = startProgram([executable, '--entryPoints.web.address=127.0.0.1:0'], { cwd: folder.path })
    await sluice.waitFor(/^sluice ready: web=\S+$/m)
    expect(sluice.output).not.toContain('PRELOADED')
  })

  test('finds sluice.toml in the working directory', async () => {
    await using folder = await temporaryFolder()
    await folder.write('sluice.toml', '[entryPoints.found]\naddress = "127.0.0.1:0"\n')
    await using sluice = startProgram([executable], {
      cwd: folder.path,
      env: { XDG_CONFIG_HOME: join(folder.path, 'no') },
    })
    await sluice.waitFor(/^sluice ready: found=127\.0\.0\.1:\d+$/m)
  })

  test.each([
    [['--configFile'], '--configFile: needs a value (expected =value after it)'],
    [['--bogus=1'], '--bogus: bogus: unknown key (expected global, entryPoints, '],
    [['--api.debug'], '--api.debug: api.debug: not supported yet'],
    [['run', 'stray'], 'stray: is not a flag (expected --name=value)'],
    [['--log.filePath=/proc/no/x.log'], 'sluice: cannot open the log file /proc/no/x.log: '],
    [['--accessLog.filePath=/proc/no/x.log'], 'sluice: cannot open the log file /proc/no/x.log: '],
    [['--providers.file.filename=/etc/passwd'], 'filename has the extension "" (expected .yaml, .yml or .toml)'],
    [['--providers.docker'], 'providers.docker: not supported yet'],
  ])('ends with 1 at %j: %s', async (flags, message) => {
    const { code, stderr } = await runSluice(flags)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
    expect(code).toBe(1)
  })

  test('starts without the dynamic file that it was told of, says so, and takes it when it comes', async () => {
    await using folder = await temporaryFolder()
    const flags = [`--providers.file.filename=${folder.path}/later.yaml`, '--providers.providersThrottleDuration=0']
    await using sluice = await startSluice(['--entryPoints.web.address=127.0.0.1:0', ...flags])
    expect(sluice.output).toContain("later.yaml:1:1: can't be read: it does not exist")
    await folder.write('later.yaml', 'http: { routers: { up: { rule: Path(`/up`), service: noop@internal } } }\n')
    await eventually(async () => (await curl(sluice.ports['web']!, 'http://a.test/up')).status === 418, 'the router')
  })

  test('serves whoami on any port', async () => {
    await using server = startProgram([executable, 'whoami', '--host=127.0.0.1', '--port=0', '--name=one'])
    const ready = await server.waitFor(/^sluice ready: whoami=127\.0\.0\.1:(\d+)$/m)
    const { status, body } = await curl(Number(ready[1]), 'http://a.test/x?y=1')
    expect(status).toBe(200)
    expect(body).toStartWith('Name: one\n')
    expect(body).toContain('GET /x?y=1 HTTP/1.1')
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
  })
})
