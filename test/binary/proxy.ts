import { join } from 'node:path'
import { runProgram } from '../support/process.ts'
import { startSluice, type RunningSluice } from '../support/sluice.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary.ts'

/** A running executable with its configuration files. */
export interface Proxy extends AsyncDisposable {
  readonly sluice: RunningSluice
  readonly folder: TemporaryFolder
  port(entryPoint?: string): number
  /** Replaces the dynamic configuration, as one write into the file that is there. */
  reconfigure(dynamic: unknown): Promise<void>
}

export interface ProxyPlan {
  /** The static configuration without its provider; entry point `web` on a free port unless given. */
  readonly static?: Readonly<Record<string, unknown>>
  readonly dynamic: unknown
  readonly folder?: TemporaryFolder
  /** Put before the command: `bash -c 'ulimit …; exec "$@"'`. */
  readonly command?: readonly string[]
}

/** Tests that leave a connection open need not wait for it. */
export const anyPort = { address: '127.0.0.1:0', transport: { lifeCycle: { graceTimeOut: 0 } } }

/** Every change is applied at once: the throttle is for bursts of real providers. */
const atOnce = { providersThrottleDuration: 0 }

export async function startProxy(plan: ProxyPlan): Promise<Proxy> {
  const folder = plan.folder ?? (await temporaryFolder())
  const dynamicFile = await folder.write('dynamic.yaml', asText(plan.dynamic))
  const whole = {
    entryPoints: { web: anyPort },
    ...plan.static,
    providers: { ...atOnce, file: { filename: dynamicFile } },
  }
  const staticFile = await folder.write('static.yaml', asText(whole))
  const sluice = await startSluice([`--configFile=${staticFile}`], plan.command)
  return {
    sluice,
    folder,
    port: (entryPoint = 'web') => sluice.ports[entryPoint]!,
    reconfigure: async (dynamic) => void (await folder.write('dynamic.yaml', asText(dynamic))),
    [Symbol.asyncDispose]: async () => {
      await sluice[Symbol.asyncDispose]()
      if (plan.folder === undefined) await folder[Symbol.asyncDispose]()
    },
  }
}

/** JSON is YAML. */
export function asText(configuration: unknown): string {
  return typeof configuration === 'string' ? configuration : JSON.stringify(configuration)
}

/** Builds dist/sluice unless it is up to date. */
export async function buildExecutable(): Promise<void> {
  const { code, stderr } = await runProgram([join(import.meta.dir, '../../scripts/build')])
  if (code !== 0) throw new Error(`scripts/build: ${stderr}`)
}

/** A router for everything in front of one server. */
export function everythingTo(url: string) {
  return {
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'app' } },
      services: { app: { loadBalancer: { servers: [{ url }] } } },
    },
  }
}

export interface Curled {
  readonly code: number
  readonly status: number
  readonly head: string
  readonly body: string
  readonly stderr: string
}

/** One request by curl. `port` stands for every host and port of the URL. */
export async function curl(port: number, url: string, ...options: readonly string[]): Promise<Curled> {
  const fixed = ['curl', '-sSi', '--http1.1', '--max-time', '10', '--noproxy', '*']
  const command = [...fixed, '--connect-to', `::127.0.0.1:${port}`, ...options, url]
  const { code, stdout, stderr } = await runProgram(command)
  const end = stdout.indexOf('\r\n\r\n')
  const head = end < 0 ? stdout : stdout.slice(0, end)
  const status = Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1] ?? 0)
  return { code, status, head, body: end < 0 ? '' : stdout.slice(end + 4), stderr }
}
