import { readFile } from 'node:fs/promises'
import { App } from '../../src/app.ts'
import { loadStatic } from '../../src/config/load-static.ts'
import { formatProblem } from '../../src/config/problem.ts'
import type { Exchange } from '../../src/http/exchange.ts'
import { createLog } from '../../src/observe/log.ts'
import { within } from '../provider/within.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary.ts'
import { WirePeer } from './wire-peer.ts'

export type Way = 'fetch' | 'socket'
export const ways: readonly Way[] = ['fetch', 'socket']

export interface ProxyOptions {
  /** URLs of the servers; none: the service has none. */
  readonly servers?: readonly string[]
  /** `fetch` is the default of the product; `socket` is `experimental.fastProxy`. */
  readonly way?: Way
  /** Flags of the static configuration, `entryPoints.web.…=…`. */
  readonly flags?: readonly string[]
  /** Further lines of the load balancer, `passHostHeader: false`. */
  readonly balancer?: string
  /** The whole dynamic configuration instead. */
  readonly dynamic?: string
}

/** Fields without which `fetch` would invent some, so that such a request goes its way. */
export const plainFields = 'Host: a.test\r\nUser-Agent: t\r\nAccept: */*\r\n'

/** A whole proxy in this process, with one entry point. Disposing of it fails when anything is left open. */
export class WireProxy implements AsyncDisposable {
  readonly port: number
  readonly exchanges: Exchange[] = []
  /** Entries of the process log. */
  readonly entries: string[]
  readonly #app: App
  readonly #folder: TemporaryFolder
  readonly #clients: WirePeer[] = []
  #finished = Promise.withResolvers<void>()
  #closing: Promise<void> | undefined

  private constructor(started: { app: App; port: number; folder: TemporaryFolder; entries: string[] }) {
    this.#app = started.app
    this.port = started.port
    this.#folder = started.folder
    this.entries = started.entries
    this.#app.exchanges.subscribe((exchange) => {
      this.exchanges.push(exchange)
      this.#finished.resolve()
      this.#finished = Promise.withResolvers()
    })
  }

  static async start(options: ProxyOptions): Promise<WireProxy> {
    const folder = await temporaryFolder()
    const dynamicFile = await folder.write('dynamic.yaml', options.dynamic ?? dynamicText(options))
    const argv = [
      'entryPoints.web.address=127.0.0.1:0',
      'entryPoints.web.transport.lifeCycle.graceTimeOut=2s',
      `providers.file.filename=${dynamicFile}`,
      'providers.file.watch=false',
      'accessLog.format=json',
      `accessLog.filePath=${folder.path}/access.log`,
      ...(options.way === 'socket' ? ['experimental.fastProxy=true'] : []),
      ...(options.flags ?? []),
    ].map((flag) => `--${flag}`)
    const { configuration, problems } = await loadStatic({ argv, environment: {}, workingDirectory: folder.path })
    if (configuration === undefined) throw new Error(problems.map(formatProblem).join('\n'))
    const entries: string[] = []
    const log = createLog({ level: 'DEBUG', format: 'common', noColor: true, write: (entry) => entries.push(entry) })
    const app = new App({ configuration, staticFile: undefined, environment: {}, servesWhoami: false, log })
    const [bound] = await app.start()
    return new WireProxy({ app, port: Number(bound!.address.split(':').pop()), folder, entries })
  }

  /** Gives it another dynamic configuration, which is applied a moment later. */
  async reload(dynamic: string): Promise<void> {
    await this.#folder.write('dynamic.yaml', dynamic)
    this.#app.reload()
  }

  async connect(): Promise<WirePeer> {
    const client = await WirePeer.connect(this.port, `client ${this.#clients.length + 1}`)
    this.#clients.push(client)
    return client
  }

  /** The exchange that ended as the n-th. */
  async finished(count: number): Promise<Exchange> {
    while (this.exchanges.length < count) await within(this.#finished.promise, `the end of exchange ${count}`)
    return this.exchanges[count - 1]!
  }

  /** Connections of clients that are open now. */
  get connectionCount(): number {
    return this.#app.connectionCount
  }

  /** As on SIGTERM: clients that are still there stay for as long as they may. */
  shutDown(): Promise<void> {
    this.#closing ??= this.#app.close()
    return this.#closing
  }

  /** Ends the proxy and gives what it wrote to its access log. */
  async accessLog(): Promise<Record<string, unknown>[]> {
    await this.#close()
    const text = await readFile(`${this.#folder.path}/access.log`, 'utf8')
    const lines = text.trimEnd().split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  #close(): Promise<void> {
    this.#closing ??= this.#leaveAndClose()
    return this.#closing
  }

  /** Clients that are still there leave first; a connection that is not closed by then was leaked. */
  async #leaveAndClose(): Promise<void> {
    for (const client of this.#clients) client.close()
    const deadline = performance.now() + 2000
    while (this.#app.connectionCount > 0 && performance.now() < deadline) await Bun.sleep(2)
    const left = this.#app.connectionCount
    await this.#app.close()
    if (left > 0) throw new Error(`${left} connections of clients left open`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#close()
    } finally {
      await this.#folder[Symbol.asyncDispose]()
    }
  }
}

export function dynamicText({ servers = [], balancer = '' }: ProxyOptions): string {
  return `
http:
  routers:
    all: { rule: "HostRegexp(\`.*\`)", service: target }
  services:
    target:
      loadBalancer:
        servers: [${servers.map((url) => `{ url: "${url}" }`).join(', ')}]
${balancer.replace(/^(?=.)/gm, '        ')}
`
}
