import type { Socket } from 'bun'
import type { Load } from './load.ts'
import type { ClientOrder } from './own-client.ts'
import { percentile } from './statistics.ts'

const patienceMs = 5000

/** RFC 6455 §5.2: a final binary frame whose length is told in 16 bits; from the client with a mask, back without. */
const binary = 0x82
const length16 = 126
const masked = 0x80
const mask = Buffer.of(0x37, 0xfa, 0x21, 0x3d)

/** One WebSocket. A message leaves when the one before has come back; each has its number in its first four bytes. */
class EchoLane {
  readonly latenciesMs: number[] = []
  readonly over = Promise.withResolvers<void>()
  readonly open = Promise.withResolvers<void>()
  wrong = 0
  errors = 0
  isOver = false
  readonly #sent: Buffer
  readonly #expected: Buffer
  readonly #endsAt: () => number
  #socket: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #isOpen = false
  #number = 0
  #sentAt = 0

  constructor(payload: Uint8Array, endsAt: () => number) {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(payload.length)
    const hidden = payload.map((octet, at) => octet ^ mask[at % mask.length]!)
    this.#sent = Buffer.concat([Buffer.of(binary, masked | length16), length, mask, hidden])
    this.#expected = Buffer.concat([Buffer.of(binary, length16), length, payload])
    this.#endsAt = endsAt
  }

  async connect({ port, head }: ClientOrder): Promise<void> {
    this.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, bytes) => this.#take(bytes),
        close: () => this.#lost(),
        error: () => {},
      },
    })
    this.#socket.setNoDelay(true)
    this.#socket.write(head)
    await this.open.promise
  }

  send(): void {
    this.#number += 1
    this.#expected.writeUInt32BE(this.#number, this.#expected.length - payloadBytes)
    this.#sent.writeInt32BE(this.#number ^ mask.readInt32BE(), this.#sent.length - payloadBytes)
    this.#sentAt = performance.now()
    this.#socket!.write(this.#sent)
  }

  #take(bytes: Buffer): void {
    const all = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    this.#received = all
    if (!this.#isOpen) return this.#switchProtocols(all)
    if (all.length < this.#expected.length) return
    if (!all.equals(this.#expected)) this.wrong += 1
    this.#received = Buffer.alloc(0)
    const now = performance.now()
    this.latenciesMs.push(now - this.#sentAt)
    if (now < this.#endsAt()) return this.send()
    this.#finish()
  }

  #switchProtocols(head: Buffer): void {
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    if (end + 4 < head.length || !head.latin1Slice().startsWith('HTTP/1.1 101 ')) this.wrong += 1
    this.#isOpen = true
    this.#received = Buffer.alloc(0)
    this.open.resolve()
  }

  #lost(): void {
    this.errors += 1
    this.open.resolve()
    this.#finish()
  }

  #finish(): void {
    this.isOver = true
    this.over.resolve()
  }
}

const order = JSON.parse(process.argv[2] ?? '{}') as ClientOrder
const payload = await Bun.file(order.expectedFile).bytes()
const payloadBytes = payload.length
let endsAt = Infinity
const lanes = Array.from({ length: order.connections }, () => new EchoLane(payload, () => endsAt))
const late = Bun.sleep(order.seconds * 1000 + patienceMs)
await Promise.race([Promise.all(lanes.map((lane) => lane.connect(order))), late])
const startedAt = performance.now()
endsAt = startedAt + order.seconds * 1000
for (const lane of lanes) lane.send()
await Promise.race([Promise.all(lanes.map((lane) => lane.over.promise)), late])
const durationMs = performance.now() - startedAt
const latenciesMs = lanes.flatMap((lane) => lane.latenciesMs)
const sum = (pick: (lane: EchoLane) => number): number => lanes.reduce((total, lane) => total + pick(lane), 0)
const load: Load = {
  requests: latenciesMs.length,
  durationMs,
  p50Ms: percentile(latenciesMs, 50),
  p99Ms: percentile(latenciesMs, 99),
  errors: sum(({ errors, isOver }) => errors + (isOver ? 0 : 1)),
  wrong: sum(({ wrong }) => wrong),
}
console.log(JSON.stringify(load))
process.exit(0)
