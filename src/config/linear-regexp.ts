/**
 * Go's pattern as a native RegExp, for the patterns whose backtracking is provably bounded; undefined for all others. The source
 * must be valid in Go. The subset is ASCII: `^`, `$`, characters, classes, `.`, groups without a quantifier of their own,
 * alternatives that begin with different characters, `*`, `+`, `?` and their lazy forms on single characters, `{n}`.
 *
 * Why it is linear: every quantified character but the last is followed by one that it can't itself match, so its run can
 * end in one place only, and the retries after a failure each end at once. The last one may have n places, each followed
 * by a fixed number of characters. An unbounded one needs `^` besides, or each start would pay for it anew.
 */
export function linearRegExp(source: string): RegExp | undefined {
  const anchored = source.startsWith('^')
  const reader: Reader = { source, at: anchored ? 1 : 0, steps: [] }
  const body = readSequence(reader)
  if (body === undefined) return undefined
  const end = source.slice(reader.at)
  if (end !== '' && end !== '$') return undefined
  if (!isLinear(reader.steps, anchored)) return undefined
  return new RegExp(`${anchored ? '^' : ''}${body}${end}`, 'u')
}

/** Which characters: one bit for each of ASCII, and one more for all others together. */
type CharacterSet = bigint

const beyondAscii = 1n << 128n
const everything = (1n << 129n) - 1n

/** One character of the text, or a group of alternatives by its first character. */
interface Step {
  readonly first: CharacterSet
  readonly times: 'once' | 'optional' | 'unbounded'
}

interface Reader {
  readonly source: string
  at: number
  readonly steps: Step[]
}

function isLinear(steps: readonly Step[], anchored: boolean): boolean {
  if (!anchored && steps.some((step) => step.times === 'unbounded')) return false
  const lastQuantified = steps.findLastIndex((step) => step.times !== 'once')
  return steps.slice(0, Math.max(lastQuantified, 0)).every((step, at) => {
    const next = steps[at + 1]
    return step.times === 'once' || (next?.times === 'once' && (next.first & step.first) === 0n)
  })
}

/** Reads until the end, a `$`, a `|` or a `)`; gives the translation. */
function readSequence(reader: Reader): string | undefined {
  let body = ''
  while (reader.at < reader.source.length && !'$|)'.includes(reader.source[reader.at]!)) {
    const piece = reader.source[reader.at] === '(' ? readGroup(reader) : readQuantified(reader)
    if (piece === undefined) return undefined
    body += piece
  }
  return body
}

const groupOpening = /\((?:\?P?<\w+>|(\?:))?(?!\?)/y

function readGroup(reader: Reader): string | undefined {
  groupOpening.lastIndex = reader.at
  const opening = groupOpening.exec(reader.source)
  if (opening === null) return undefined
  reader.at += opening[0].length
  const inner = readAlternatives(reader)
  if (inner === undefined || reader.source[reader.at] !== ')') return undefined
  reader.at++
  if ('*+?{'.includes(reader.source[reader.at] ?? ' ')) return undefined
  return `(${opening[1] ?? ''}${inner})`
}

function readAlternatives(reader: Reader): string | undefined {
  const outer = reader.steps.splice(0)
  const bodies: string[] = []
  let firsts = 0n
  do {
    if (bodies.length > 0) reader.at++
    const body = readSequence(reader)
    if (body === undefined) return undefined
    bodies.push(body)
    if (bodies.length === 1 && reader.source[reader.at] !== '|') {
      reader.steps.unshift(...outer)
      return body
    }
    const [first] = reader.steps
    // Alternatives with the same beginning would be tried one after the other.
    if (first === undefined || (first.first & firsts) !== 0n) return undefined
    if (reader.steps.some((step) => step.times !== 'once')) return undefined
    firsts |= first.first
    reader.steps.length = 0
  } while (reader.source[reader.at] === '|')
  reader.steps.push(...outer, { first: firsts, times: 'once' })
  return bodies.join('|')
}

const quantifier = /[*+?]\??(?![*+?{])|\{(?:[1-9]\d?)\}(?![*+?{])/y

function readQuantified(reader: Reader): string | undefined {
  const first = readCharacter(reader)
  if (first === undefined) return undefined
  quantifier.lastIndex = reader.at
  const sign = quantifier.exec(reader.source)?.[0] ?? ''
  if (sign === '' && '*+?{'.includes(reader.source[reader.at] ?? ' ')) return undefined
  reader.at += sign.length
  // `x+` is one x and then any number.
  if (sign === '' || sign.startsWith('{')) reader.steps.push({ first, times: 'once' })
  else reader.steps.push({ first, times: sign.startsWith('?') ? 'optional' : 'unbounded' })
  return writeSet(first) + sign
}

function readCharacter(reader: Reader): CharacterSet | undefined {
  const char = reader.source[reader.at]!
  if (char === '[') return readClass(reader)
  if (char === '\\') return readEscape(reader)
  if ('^*+?{'.includes(char) || char > '\x7f') return undefined
  reader.at++
  return char === '.' ? everything & ~bit('\n') : bit(char)
}

const letterEscapes = new Map([
  ['a', '\x07'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])
const digits = range('0', '9')
const spaces = bit('\t') | bit('\n') | bit('\f') | bit('\r') | bit(' ')
const words = digits | range('A', 'Z') | range('a', 'z') | bit('_')
const classEscapes = new Map([
  ['d', digits],
  ['D', everything & ~digits],
  ['s', spaces],
  ['S', everything & ~spaces],
  ['w', words],
  ['W', everything & ~words],
])

function readEscape(reader: Reader): CharacterSet | undefined {
  const char = reader.source[reader.at + 1] ?? ''
  const letter = letterEscapes.get(char)
  const set = classEscapes.get(char) ?? (letter === undefined ? undefined : bit(letter))
  if (set === undefined && !/^[\x21-\x7e]$/.test(char)) return undefined
  if (set === undefined && /^[\dA-Za-z]$/.test(char)) return undefined
  reader.at += 2
  return set ?? bit(char)
}

function readClass(reader: Reader): CharacterSet | undefined {
  const { source } = reader
  reader.at++
  const negated = source[reader.at] === '^'
  if (negated) reader.at++
  let set = 0n
  // A `]` in the first place is a character.
  for (let first = true; first || source[reader.at] !== ']'; first = false) {
    const part = readClassPart(reader)
    if (part === undefined) return undefined
    set |= part
  }
  reader.at++
  if (negated) set = everything & ~set
  return set === 0n ? undefined : set
}

/** One character, one range, or one escape such as `\d`. */
function readClassPart(reader: Reader): CharacterSet | undefined {
  const low = readClassCharacter(reader)
  if (low === undefined || !isOneCharacter(low)) return low
  const { source, at } = reader
  if (source[at] !== '-' || source[at + 1] === ']') return low
  reader.at++
  const high = readClassCharacter(reader)
  return high === undefined ? undefined : (high << 1n) - low
}

function readClassCharacter(reader: Reader): CharacterSet | undefined {
  const { source, at } = reader
  const char = source[at]
  if (char === undefined || char > '\x7f' || source.startsWith('[:', at)) return undefined
  if (char === '\\') return readEscape(reader)
  reader.at++
  return bit(char)
}

function isOneCharacter(set: CharacterSet): boolean {
  return (set & (set - 1n)) === 0n
}

function bit(char: string): CharacterSet {
  return 1n << BigInt(char.charCodeAt(0))
}

function range(low: string, high: string): CharacterSet {
  return (bit(high) << 1n) - bit(low)
}

function writeSet(set: CharacterSet): string {
  if (isOneCharacter(set) && set < beyondAscii) return hex(set.toString(2).length - 1)
  let ranges = ''
  for (let low = 0; low < 128; low++) {
    if (((set >> BigInt(low)) & 1n) === 0n) continue
    let high = low
    while (high < 127 && ((set >> BigInt(high + 1)) & 1n) === 1n) high++
    ranges += high === low ? hex(low) : `${hex(low)}-${hex(high)}`
    low = high
  }
  if ((set & beyondAscii) !== 0n) ranges += '\\u{80}-\\u{10ffff}'
  return `[${ranges}]`
}

function hex(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`
}
