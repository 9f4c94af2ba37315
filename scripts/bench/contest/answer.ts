/** Collects one response until it is as long as the expected one, and compares it. */
export class Answer {
  readonly #expected: Buffer
  #received: Buffer = Buffer.alloc(0)

  constructor(expected: Buffer) {
    this.#expected = expected
  }

  take(bytes: Buffer): 'part' | 'right' | 'wrong' {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return 'part'
    if (this.#received.toString('latin1', 0, 13) !== 'HTTP/1.1 200 ') return 'wrong'
    const body = this.#received.subarray(headEnd + 4)
    if (body.length < this.#expected.length) return 'part'
    return body.equals(this.#expected) ? 'right' : 'wrong'
  }
}
