/**
 * What a large dynamic configuration costs: how long a start takes, and for how long a reload holds the event loop while
 * requests run. `scripts/bench/reload/run [--style NAME] [--routers 10000] [--reloads 3] [--quick]`: each style of
 * configuration.ts, or one.
 */
import { parseArgs } from 'node:util'
import { App } from '../../../src/app.ts'
import { loadStatic } from '../../../src/config/load-static.ts'
import { createLog, writeStandardError } from '../../../src/observe/log.ts'
import { temporaryFolder, type TemporaryFolder } from '../../../test/support/temporary.ts'
import { styles, type Routing, type StyleName } from './configuration.ts'
import { StallProbe } from './stall.ts'

const { values } = parseArgs({
  options: {
    routers: { type: 'string', default: '10000' },
    style: { type: 'string' },
    reloads: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
  },
})
if (values.style === undefined) {
  // Each in a process of its own: none shall pay for the garbage of another.
  for (const style of Object.keys(styles)) {
    const { exitCode } = Bun.spawnSync([process.execPath, import.meta.path, ...Bun.argv.slice(2), '--style', style], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    if (exitCode !== 0) process.exit(exitCode)
  }
  process.exit(0)
}
const style = styles[values.style as StyleName]
if (style === undefined) throw new Error(`no style ${values.style} (there are ${Object.keys(styles).join(', ')})`)
const routers = values.quick ? 500 : Number(values.routers)
const reloads = values.quick ? 1 : Number(values.reloads)
/** For the client to have something to tell, and for the garbage of what was before. */
const restMs = values.quick ? 20 : 300

async function buildApp(folder: TemporaryFolder, dynamicFile: string): Promise<App> {
  const argv = [
    'entryPoints.web.address=127.0.0.1:0',
    `providers.file.filename=${dynamicFile}`,
    'providers.file.watch=false',
    'providers.providersThrottleDuration=0s',
    'experimental.fastProxy=true',
  ].map((flag) => `--${flag}`)
  const { configuration } = await loadStatic({ argv, environment: {}, workingDirectory: folder.path })
  if (configuration === undefined) throw new Error('the flags are wrong')
  const log = createLog({ level: 'WARN', format: 'common', noColor: true, write: writeStandardError })
  return new App({ configuration, staticFile: undefined, environment: {}, servesWhoami: false, log })
}

async function readLine(read: () => Promise<{ readonly value?: Uint8Array | undefined }>): Promise<string> {
  const { value } = await read()
  return Buffer.from(value ?? [])
    .toString()
    .trim()
}

/** Resolves when the new configuration answers. */
async function untilInForce(port: string, generation: number): Promise<void> {
  for (;;) {
    const { status } = await fetch(`http://127.0.0.1:${port}/generation-${generation}`)
    if (status === 200) return
    await Bun.sleep(5)
  }
}

const ms = (value: number | undefined) => `${(value ?? 0).toFixed(1)} ms`

await using folder = await temporaryFolder()
const peer = Bun.spawn([process.execPath, `${import.meta.dir}/peer.ts`], {
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'inherit',
})
const reader = peer.stdout.getReader()
const lines = () => reader.read()
let routing: Routing = { routers, upstreamPort: Number(await readLine(lines)), generation: 1, edition: 0 }
const write = (): Promise<string> => folder.write(`dynamic.${style.extension}`, style.write(routing))
const file = await write()
console.log(`\n${routers} routers, ${values.style}, ${(Bun.file(file).size / 1e6).toFixed(1)} MB`)

const startedAt = performance.now()
const cpuAtStart = process.threadCpuUsage()
const app = await buildApp(folder, file)
const [bound] = await app.start()
const { user, system } = process.threadCpuUsage(cpuAtStart)
console.log(`start: ${ms(performance.now() - startedAt)} (${((user + system) / 1000).toFixed(0)} CPU)`)
const port = bound!.address.split(':').pop()!

peer.stdin.write(`${JSON.stringify({ port: Number(port), hosts: routers })}\n`)
const probe = new StallProbe()
for (const [name, change] of [
  ['nothing done', () => undefined],
  ['one router changed', () => ({ generation: routing.generation + 1 })],
  ['everything changed', () => ({ generation: routing.generation + 1, edition: routing.edition + 1 })],
] as const) {
  for (let round = 0; round < reloads; round++) {
    const changed = change()
    await Bun.sleep(restMs)
    const next = changed === undefined ? undefined : { ...routing, ...changed }
    if (next !== undefined) {
      routing = next
      await write()
    }
    await Bun.sleep(restMs)
    peer.stdin.write('report\n')
    await readLine(lines)
    probe.take()
    const reloadedAt = performance.now()
    if (next === undefined) await Bun.sleep(restMs)
    else {
      app.reload()
      await untilInForce(port, routing.generation)
    }
    const took = performance.now() - reloadedAt
    await Bun.sleep(restMs)
    const stalls = probe.take()
    peer.stdin.write('report\n')
    const longest = stalls.slice(0, 3).map((stall) => `${stall.ms.toFixed(1)} (${stall.cpuMs.toFixed(0)} CPU)`)
    const worked = Math.max(...stalls.map(({ cpuMs }) => cpuMs))
    console.log(
      `${name}: ${ms(took)}; stalls in ms: ${longest.join(', ')}, most CPU ${worked.toFixed(0)}; ${await readLine(lines)}`,
    )
  }
}
probe.stop()
peer.kill()
await app.close()
process.exit(0)
