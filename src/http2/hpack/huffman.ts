/** RFC 7541 Appendix B: the bits of each octet's code. The code is canonical, so these lengths are all of it. */
// prettier-ignore
const codeLengths = [
	13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
	28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
	6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
	5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
	13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
	15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
	6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
	20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
	24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
	22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
	21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
	26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
	19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
	20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
	26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
]
/** EOS, which only its first bits may appear of, as padding. */
const endOfString = 256
const endOfStringLength = 30

const isBroken = -1
const noSymbol = 0

/**
 * Four bits at a time: `steps[node * 16 + bits]` is the node to go on from, and above bit 16 one more than the octet
 * that was completed on the way (no code is shorter than five bits, so there is one at most).
 */
const { steps, mayEnd } = buildSteps()

/** The text, one char per octet; undefined when the bits are no Huffman code (RFC 7541 §5.2). */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | undefined {
  const most = Math.ceil(((end - start) * 8) / 5)
  const octets = most <= shared.length ? shared : Buffer.allocUnsafe(most)
  let length = 0
  let node = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    const high = steps[node * 16 + (byte >> 4)]!
    if (high === isBroken) return undefined
    if (high >> 16 !== noSymbol) octets[length++] = (high >> 16) - 1
    const low = steps[(high & 0xffff) * 16 + (byte & 15)]!
    if (low === isBroken) return undefined
    if (low >> 16 !== noSymbol) octets[length++] = (low >> 16) - 1
    node = low & 0xffff
  }
  return mayEnd[node] === 1 ? octets.latin1Slice(0, length) : undefined
}

const shared = Buffer.allocUnsafeSlow(4096)

interface Node {
  readonly number: number
  readonly branches: (Node | number | undefined)[]
  /** Reached by so many ones and nothing else, or -1: padding is the beginning of EOS, which is all ones. */
  readonly ones: number
}

function buildTree(): Node[] {
  const root: Node = { number: 0, branches: [], ones: 0 }
  const nodes = [root]
  const symbols = [...codeLengths, endOfStringLength].map((length, symbol) => ({ length, symbol }))
  symbols.sort((left, right) => left.length - right.length || left.symbol - right.symbol)
  let code = 0
  let codeLength = 0
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - codeLength)
    codeLength = length
    let node = root
    for (let bit = length - 1; bit > 0; bit--) {
      const branch = (code >>> bit) & 1
      let next = node.branches[branch]
      if (next === undefined) {
        next = { number: nodes.length, branches: [], ones: branch === 1 && node.ones >= 0 ? node.ones + 1 : -1 }
        nodes.push(next)
        node.branches[branch] = next
      }
      node = next as Node
    }
    node.branches[code & 1] = symbol
    code += 1
  }
  return nodes
}

function buildSteps(): { steps: Int32Array; mayEnd: Uint8Array } {
  const nodes = buildTree()
  const steps = new Int32Array(nodes.length * 16)
  for (const node of nodes) {
    for (let bits = 0; bits < 16; bits++) steps[node.number * 16 + bits] = step(nodes[0]!, node, bits)
  }
  return { steps, mayEnd: Uint8Array.from(nodes, ({ ones }) => (ones >= 0 && ones < 8 ? 1 : 0)) }
}

function step(root: Node, from: Node, bits: number): number {
  let node = from
  let completed = noSymbol
  for (let bit = 3; bit >= 0; bit--) {
    const next = node.branches[(bits >> bit) & 1]
    if (next === undefined || next === endOfString) return isBroken
    if (typeof next === 'number') {
      completed = next + 1
      node = root
    } else node = next
  }
  return node.number | (completed << 16)
}
