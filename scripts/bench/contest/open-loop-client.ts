import type { Socket } from 'bun'
import { Answer } from './answer.ts'
import type { Load } from './load.ts'
import type { ClientOrder } from './own-client.ts'
import { percentile } from './statistics.ts'

const graceMs = 5000

/**
 * Sends at a fixed rate, whether or not answers come. A request's time begins when it falls due, not when a connection
 * is free for it: the waiting behind a stall is the proxy's (Gil Tene's «coordinated omission»).
 */
class OpenLoop {
  readonly #order: ClientOrder
  readonly #expected: Buffer
  readonly #idle: Lane[] = []
  readonly #due: number[] = []
  readonly #latenciesMs: number[] = []
  readonly #finished = Promise.withResolvers<void>()
  #issued = 0
  #errors = 0
  #wrong = 0

  constructor(order: ClientOrder, expected: Uint8Array) {
    this.#order = order
    this.#expected = Buffer.from(expected)
  }

  async run(): Promise<Load> {
    const { connections, seconds } = this.#order
    this.#idle.push(...(await Promise.all(Array.from({ length: connections }, () => this.#connect()))))
    const startedAt = performance.now()
    const ticker = setInterval(() => this.#tick(startedAt), 1)
    const late = setTimeout(() => this.#finished.resolve(), seconds * 1000 + graceMs)
    await this.#finished.promise
    clearInterval(ticker)
    clearTimeout(late)
    const answered = this.#latenciesMs.length
    return {
      requests: answered,
      durationMs: performance.now() - startedAt,
      p50Ms: percentile(this.#latenciesMs, 50),
      p99Ms: percentile(this.#latenciesMs, 99),
      errors: this.#errors + Math.max(0, this.#total - answered - this.#errors),
      wrong: this.#wrong,
    }
  }

  get #total(): number {
    return this.#order.ratePerSecond * this.#order.seconds
  }

  #tick(startedAt: number): void {
    const now = performance.now()
    const owed = Math.min(this.#total, Math.floor(((now - startedAt) / 1000) * this.#order.ratePerSecond))
    for (; this.#issued < owed; this.#issued++) this.#due.push(now)
    this.#send()
  }

  #send(): void {
    while (this.#due.length > 0 && this.#idle.length > 0) {
      const lane = this.#idle.shift()!
      lane.dueAt = this.#due.shift()!
      lane.socket.write(this.#order.head)
    }
  }

  async #connect(): Promise<Lane> {
    const { port } = this.#order
    const socket = await Bun.connect<{ lane: Lane | undefined }>({
      hostname: '127.0.0.1',
      port,
      data: { lane: undefined },
      socket: {
        data: (from, bytes) => this.#received(from.data.lane!, bytes),
        close: (from) => this.#lost(from.data.lane),
        error: () => {},
      },
    })
    const lane: Lane = { socket, answer: new Answer(this.#expected), dueAt: undefined }
    socket.data.lane = lane
    return lane
  }

  #received(lane: Lane, bytes: Buffer): void {
    const verdict = lane.answer.take(bytes)
    if (verdict === 'part') return
    if (verdict === 'wrong') this.#wrong++
    if (lane.dueAt !== undefined) this.#latenciesMs.push(performance.now() - lane.dueAt)
    lane.dueAt = undefined
    lane.answer = new Answer(this.#expected)
    this.#idle.push(lane)
    this.#send()
    this.#finishWhenAllAreIn()
  }

  #lost(lane: Lane | undefined): void {
    const at = lane === undefined ? -1 : this.#idle.indexOf(lane)
    if (at >= 0) this.#idle.splice(at, 1)
    if (lane?.dueAt !== undefined) this.#errors++
    this.#connect().then(
      (replacement) => this.#idle.push(replacement),
      () => this.#errors++,
    )
    this.#finishWhenAllAreIn()
  }

  #finishWhenAllAreIn(): void {
    if (this.#latenciesMs.length + this.#errors >= this.#total) this.#finished.resolve()
  }
}

/** One connection and the request that is on it. */
interface Lane {
  readonly socket: Socket<{ lane: Lane | undefined }>
  answer: Answer
  dueAt: number | undefined
}

const order = JSON.parse(process.argv[2] ?? '{}') as ClientOrder
const load = await new OpenLoop(order, await Bun.file(order.expectedFile).bytes()).run()
console.log(JSON.stringify(load))
process.exit(0)
