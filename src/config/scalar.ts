import { invalid, type Decoder, type Parsed, type ScalarType, type Unparsable } from './decoder.ts'
import { parseDuration } from './duration.ts'
import { hint } from './nearest.ts'
import { describeNode } from './node.ts'

/** A decoder of one scalar, from its text. Use it for addresses and the like: the message names what is wrong. */
export function scalar<T>(expects: string, parse: (text: string) => Parsed<T>): Decoder<T> {
  return {
    expects,
    describe: () => ({ kind: 'scalar', expects }),
    decode(node, at) {
      if (node.kind !== 'scalar') return at.error(node.source, `is ${describeNode(node)} (expected ${expects})`)
      const parsed = parse(node.text)
      return parsed.ok ? parsed.value : at.error(node.source, withExpectation(parsed, expects))
    },
  }
}

/** `scalar`, of something that is not just text. */
function typed<T>(type: ScalarType, expects: string, parse: (text: string) => Parsed<T>): Decoder<T> {
  return { ...scalar(expects, parse), describe: () => ({ kind: 'scalar', expects, type }) }
}

export const text: Decoder<string> = scalar('a string', (written) => ({ ok: true, value: written }))

export const nonEmptyText: Decoder<string> = scalar('a non-empty string', (written) =>
  written === '' ? { ok: false, message: 'is empty' } : { ok: true, value: written },
)

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((spelling) => [spelling, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((spelling) => [spelling, false] as const),
])

/** Go's spellings only: YAML's yes, no, on and off are strings and fail (Traefik §1.2). */
export function parseBoolean(written: string): boolean | undefined {
  return booleans.get(written)
}

export const boolean: Decoder<boolean> = typed('boolean', 'true or false', (written) => {
  const value = parseBoolean(written)
  return value === undefined ? notA('a boolean', written) : { ok: true, value }
})

export interface Bounds {
  readonly min?: number
  readonly max?: number
}

export function integer(bounds: Bounds = {}): Decoder<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds
  return typed('number', `a whole number${formatBounds(bounds)}`, (written) => {
    if (!isWhole(written)) return notA('a whole number', written)
    const value = Number(written)
    return value < min || value > max ? { ok: false, message: `is out of range: ${written}` } : { ok: true, value }
  })
}

/** Sizes are plain numbers of bytes in Traefik; suffixes such as `4M` are not understood there, nor here. */
export const byteSize: Decoder<number> = typed('number', 'a number of bytes', (written) => {
  if (!/^\+?\d+$/.test(written)) return notA('a number of bytes', written)
  const value = Number(written)
  return Number.isSafeInteger(value) ? { ok: true, value } : { ok: false, message: `is out of range: ${written}` }
})

export function float(bounds: Bounds = {}): Decoder<number> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = bounds
  return typed('number', `a number${formatBounds(bounds)}`, (written) => {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(written)) return notA('a number', written)
    const value = Number(written)
    return value < min || value > max ? { ok: false, message: `is out of range: ${written}` } : { ok: true, value }
  })
}

const int64Minimum = -(2n ** 63n)
const int64Maximum = 2n ** 63n - 1n

/** Router priorities and the like, which exceed what a JavaScript number holds. */
export const int64: Decoder<bigint> = typed('number', 'a 64-bit whole number', (written) => {
  if (!isWhole(written)) return notA('a whole number', written)
  const value = BigInt(written.replace(/^\+/, ''))
  if (value < int64Minimum || value > int64Maximum) return { ok: false, message: `is out of range: ${written}` }
  return { ok: true, value }
})

const durationSyntax = 'a duration such as 10s, 1m30s or 300ms, or a whole number of seconds'

/** Milliseconds. Negative ones pass: some Traefik keys give them a meaning. */
export const duration: Decoder<number> = typed('duration', durationSyntax, parseDuration)

/** A `duration` that is not negative: what every time-out wants. */
export const timeout: Decoder<number> = typed('duration', durationSyntax, (written) => {
  const parsed = parseDuration(written)
  if (parsed.ok && parsed.value < 0) return { ok: false, message: `is negative: ${written}` }
  return parsed
})

/** A text that nobody is shown: a password, its hash, a private key. */
export function secret<T>(decoder: Decoder<T>): Decoder<T> {
  return { ...decoder, describe: () => ({ kind: 'scalar', expects: decoder.expects, isSecret: true }) }
}

/** One of the names, exactly as given. */
export function oneOf<const Name extends string>(...names: readonly Name[]): Decoder<Name> {
  return choice(names, (written) => names.find((name) => name === written))
}

/** One of the names in any case; the value is the name as given here. */
export function oneOfIgnoringCase<const Name extends string>(...names: readonly Name[]): Decoder<Name> {
  return choice(names, (written) => names.find((name) => name.toLowerCase() === written.toLowerCase()))
}

function choice<Name extends string>(
  names: readonly Name[],
  find: (written: string) => Name | undefined,
): Decoder<Name> {
  const expects = listNames(names)
  return {
    expects,
    describe: () => ({ kind: 'scalar', expects }),
    decode(node, at) {
      if (node.kind !== 'scalar') return at.error(node.source, `is ${describeNode(node)} (expected ${expects})`)
      const found = find(node.text)
      if (found !== undefined) return found
      const message = `${JSON.stringify(node.text)} is not known (expected ${expects}${hint(node.text, names)})`
      return at.error(node.source, message)
    },
  }
}

/** `"a", "b" or "c"`. */
export function listNames(names: readonly string[]): string {
  const quoted = names.map((name) => JSON.stringify(name))
  if (quoted.length < 2) return quoted.join('')
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}

/** The value checked further; the check says what is wrong (`must start with a slash`) or undefined. */
export function refine<T>(decoder: Decoder<T>, check: (value: T) => string | undefined): Decoder<T> {
  return {
    ...decoder,
    decode(node, at) {
      const value = decoder.decode(node, at)
      if (value === invalid) return invalid
      const message = check(value)
      return message === undefined ? value : at.error(node.source, message)
    },
  }
}

function withExpectation({ message, meant }: Unparsable, expects: string): string {
  const guess = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
  return `${message} (expected ${expects}${guess})`
}

function notA(what: string, written: string): Unparsable {
  return { ok: false, message: `is not ${what}: ${JSON.stringify(written)}` }
}

function isWhole(written: string): boolean {
  return /^[+-]?\d+$/.test(written)
}

function formatBounds({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return `, at least ${min}`
  return max === undefined ? '' : `, at most ${max}`
}
