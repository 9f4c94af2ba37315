import {
  invalid,
  type Decoded,
  type Decoder,
  type Description,
  type FieldDescription,
  type Infer,
  type Parsed,
  Place,
} from './decoder.ts'
import { hint } from './nearest.ts'
import { describeNode, type ConfigNode, type MapEntry, type MapNode, splitAtCommas } from './node.ts'
import { type Problem, ProblemCollector, type Source } from './problem.ts'
import { parseBoolean } from './scalar.ts'

export { invalid, Place, type Decoded, type Decoder, type Infer, type Parsed } from './decoder.ts'
export type { ConfigNode } from './node.ts'
export {
  boolean,
  byteSize,
  duration,
  float,
  int64,
  integer,
  nonEmptyText,
  oneOf,
  oneOfIgnoringCase,
  refine,
  scalar,
  secret,
  text,
  timeout,
} from './scalar.ts'

/** A decoder of an object, whose fields a reference page or a flag parser may look at. */
export interface ObjectDecoder<T> extends Decoder<T> {
  decodeMap(map: MapNode, at: Place): Decoded<T>
}

type Fields = Readonly<Record<string, Decoder<unknown>>>

/** Keys that only exist to be refused or warned about carry no value. */
interface Valueless extends Decoder<undefined> {
  readonly status: 'notYet' | 'dead' | 'removed'
}

type FromFields<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Valueless ? never : K]: Infer<F[K]>
}

/**
 * A map with known keys, in any case. A plain decoder makes its key required; see `optional`, `withDefault`, `section`.
 * Unknown keys are errors, and so is `{}`: Traefik refuses a section that sets nothing (but see `allowEmpty`).
 */
export function object<const F extends Fields>(fields: F): ObjectDecoder<FromFields<F>> {
  const nameByLowerCase = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]))
  const decoders = Object.entries(fields)

  function decodeMap(map: MapNode, at: Place): Decoded<FromFields<F>> {
    const written = new Map<string, MapEntry>()
    let isValid = true
    for (const [key, entry] of map.entries) {
      const name = nameByLowerCase.get(key.toLowerCase())
      const isNew = name !== undefined && !written.has(name)
      if (isNew) written.set(name, entry)
      else isValid = false
      if (name === undefined) reportUnknownKey(entry.keySource, at.key(key), { key, fields })
      else if (!isNew) at.key(name).error(entry.keySource, 'is given twice (keys are the same in any case)')
    }
    const values: Record<string, unknown> = {}
    for (const [name, decoder] of decoders) {
      const value = decodeField({ decoder, entry: written.get(name), owner: map.source }, at.key(name))
      if (value === invalid) isValid = false
      else if (decoder.status === undefined) values[name] = value
    }
    return isValid ? (values as FromFields<F>) : invalid
  }

  return {
    expects: 'a map',
    decodeMap,
    decode(node, at) {
      const key = nameByLowerCase.get(lastStep(at.path).toLowerCase())
      const isOutside = node.kind === 'scalar' && key !== undefined && fields[key]?.describe().kind === 'scalar'
      if (!isOutside) return decodeNonEmptyMap(node, at, decodeMap)
      // `address` where an entry point's name belongs: its line stands a step too far to the left.
      return at.error(node.source, `is ${describeNode(node)} (expected a map; is "${key}" indented too little?)`)
    },
    describe: () => ({ kind: 'object', fields: describeFields(fields), allowEmpty: false }),
  }
}

/** The key may be missing: undefined then. */
export function optional<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return { ...decoder, absent: () => undefined }
}

export function withDefault<T>(decoder: Decoder<T>, value: T): Decoder<T> {
  return { ...decoder, absent: () => value }
}

/** What works and may still change, as the reference then says. */
export function experimental<T>(decoder: Decoder<T>): Decoder<T> {
  return { ...decoder, isExperimental: true }
}

/** A nested object that is always there: when its key is missing, all its own defaults hold. */
export function section<T>(decoder: ObjectDecoder<T>): ObjectDecoder<T> {
  return { ...decoder, absent: (at, source) => decoder.decodeMap({ kind: 'map', entries: new Map(), source }, at) }
}

/**
 * Traefik's allow-empty: `{}` and `true` mean "on, with all defaults"; `false` means "as if the key were not there", and
 * so does any other scalar in Traefik, which is kept but warned about.
 */
export function allowEmpty<T>(decoder: ObjectDecoder<T>): ObjectDecoder<T> {
  const decodeMap = decoder.decodeMap
  return {
    ...decoder,
    expects: 'a map, true or false',
    decode(node, at) {
      if (node.kind === 'map') return decodeMap(node, at)
      if (node.kind === 'scalar' && parseBoolean(node.text) === true) {
        return decodeMap({ kind: 'map', entries: new Map(), source: node.source }, at)
      }
      return at.error(node.source, `is ${describeNode(node)} (expected a map or true)`)
    },
    isDisabledBy(node, at) {
      if (node.kind !== 'scalar') return false
      const enabled = parseBoolean(node.text)
      if (enabled === undefined) {
        at.warning(node.source, `${JSON.stringify(node.text)} leaves this switched off (expected a map, true or false)`)
      }
      return enabled !== true
    },
    describe() {
      const description = decoder.describe()
      return description.kind === 'object' ? { ...description, allowEmpty: true } : description
    },
  }
}

/** A list, or for scalars one text split at commas (Traefik §1.2); the items of a real list are never split. */
export function list<T>(decoder: Decoder<T>): Decoder<readonly T[]> {
  const expects = `a list, each item ${decoder.expects}`
  return {
    expects,
    describe: () => ({ kind: 'list', items: decoder.describe() }),
    decode(node, at) {
      const items = itemsOf(node, decoder)
      if (items === undefined) return at.error(node.source, `is ${describeNode(node)} (expected ${expects})`)
      const values: T[] = []
      for (const [index, item] of items.entries()) {
        const value = decoder.decode(item, at.item(index))
        if (value !== invalid) values.push(value)
      }
      return values.length === items.length ? values : invalid
    },
  }
}

/** A map with keys of the user's own, which keep their case. */
export function map<T>(decoder: Decoder<T>): ObjectDecoder<ReadonlyMap<string, T>> {
  function decodeMap(node: MapNode, at: Place): Decoded<ReadonlyMap<string, T>> {
    const values = new Map<string, T>()
    let isValid = true
    for (const [name, entry] of node.entries) {
      const place = at.key(name)
      if (decoder.isDisabledBy?.(entry.node, place) === true) continue
      const value = decoder.decode(entry.node, place)
      if (value === invalid) isValid = false
      else values.set(name, value)
    }
    return isValid ? values : invalid
  }
  return mapDecoder(decoder, decodeMap)
}

export interface Isolated<T> {
  readonly good: ReadonlyMap<string, T>
  /** The bad entries by name, each with its own problems. */
  readonly bad: ReadonlyMap<string, readonly Problem[]>
}

/**
 * Like `map`, but a bad entry spoils itself alone. Its problems are in the result and in the collector as well, so that
 * there may be errors in the collector although the outcome is not `invalid`.
 */
export function isolatedMap<T>(decoder: Decoder<T>): ObjectDecoder<Isolated<T>> {
  function decodeMap(node: MapNode, at: Place): Decoded<Isolated<T>> {
    const good = new Map<string, T>()
    const bad = new Map<string, readonly Problem[]>()
    for (const [name, entry] of node.entries) {
      const problems = new ProblemCollector()
      const place = at.key(name).collectingIn(problems)
      const isDisabled = decoder.isDisabledBy?.(entry.node, place) === true
      const value = isDisabled ? undefined : decoder.decode(entry.node, place)
      at.problems.addAll(problems.sorted())
      if (value === invalid) bad.set(name, problems.sorted())
      else if (value !== undefined) good.set(name, value)
    }
    return { good, bad }
  }
  return mapDecoder(decoder, decodeMap)
}

/** The decoded value made into something else, where that can't fail. */
export function mapped<T, U>(decoder: Decoder<T>, change: (value: T) => U): Decoder<U> {
  const { absent, ...rest } = decoder
  const decoded: Decoder<U> = {
    ...rest,
    decode(node, at) {
      const value = decoder.decode(node, at)
      return value === invalid ? invalid : change(value)
    },
  }
  if (absent === undefined) return decoded
  return {
    ...decoded,
    absent(at, source) {
      const value = absent(at, source)
      return value === invalid ? invalid : change(value)
    },
  }
}

/** The decoded value made into something else, where that can fail. Wrap the result in `optional`, not the argument. */
export function parsed<T, U>(decoder: Decoder<T>, parse: (value: T) => Parsed<U>): Decoder<U> {
  const { absent: _, ...rest } = decoder
  return {
    ...rest,
    decode(node, at) {
      const value = decoder.decode(node, at)
      if (value === invalid) return invalid
      const outcome = parse(value)
      return outcome.ok ? outcome.value : at.error(node.source, outcome.message)
    },
  }
}

/** Any value whatever, as its node: for options that somebody else decodes. */
export const anything: Decoder<ConfigNode> = {
  expects: 'any value',
  describe: () => ({ kind: 'free' }),
  decode: (node) => node,
}

/** A key that Traefik has and Sluice has not. What it would hold, if given, is for the reference and to see `false`. */
export function notYet(decoder: Decoder<unknown> = anything): Valueless {
  return {
    expects: decoder.expects,
    status: 'notYet',
    describe: () => decoder.describe(),
    decode: (node, at) => at.error(node.source, 'not supported yet'),
    absent: () => undefined,
    isDisabledBy: (node, at) => decoder.isDisabledBy?.(node, at) ?? isSwitchedOff(node, decoder.describe()),
  }
}

function isSwitchedOff(node: ConfigNode, description: Description): boolean {
  if (description.kind !== 'scalar' || description.type !== 'boolean') return false
  return node.kind === 'scalar' && parseBoolean(node.text) === false
}

/** A key that does nothing in Traefik either: accepted with a warning, checked if it is known what it would hold. */
export function dead(decoder: Decoder<unknown> = anything): Valueless {
  return {
    expects: decoder.expects,
    status: 'dead',
    describe: () => decoder.describe(),
    decode(node, at) {
      if (decoder.decode(node, at) === invalid) return invalid
      at.warning(node.source, 'has no effect')
      return undefined
    },
    absent: () => undefined,
  }
}

/** A key that Traefik refuses by now; `advice` says what to do instead. */
export function removed(advice: string): Valueless {
  return {
    expects: 'nothing',
    status: 'removed',
    describe: () => anything.describe(),
    decode: (node, at) => at.error(node.source, `was removed from Traefik (${advice})`),
    absent: () => undefined,
  }
}

/** A key that still works, with a warning that gives the advice. */
export function deprecated<T>(decoder: Decoder<T>, advice: string): Decoder<T> {
  return {
    ...decoder,
    decode(node, at) {
      const value = decoder.decode(node, at)
      if (value !== invalid) at.warning(node.source, `is deprecated (${advice})`)
      return value
    },
  }
}

interface Written<T> {
  readonly decoder: Decoder<T>
  readonly entry: MapEntry | undefined
  readonly owner: Source
}

function decodeField<T>({ decoder, entry, owner }: Written<T>, at: Place): Decoded<T> {
  if (entry !== undefined && decoder.isDisabledBy?.(entry.node, at) !== true) {
    // What is said about a key as such, whatever its value, is said where the key stands.
    const isAboutKey = decoder.status !== undefined
    return decoder.decode(isAboutKey ? { ...entry.node, source: entry.keySource } : entry.node, at)
  }
  if (decoder.absent !== undefined) return decoder.absent(at, owner)
  return at.error(entry?.keySource ?? owner, `is required (expected ${decoder.expects})`)
}

function decodeNonEmptyMap<T>(
  node: ConfigNode,
  at: Place,
  decodeMap: (map: MapNode, at: Place) => Decoded<T>,
): Decoded<T> {
  if (node.kind !== 'map') return at.error(node.source, `is ${describeNode(node)} (expected a map)`)
  if (node.entries.size > 0) return decodeMap(node, at)
  return at.error(node.source, 'is empty, which sets nothing (give it a key, or leave it out)')
}

/** `entryPoints.address` → `address`. */
function lastStep(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

function mapDecoder<T, U>(values: Decoder<T>, decodeMap: (map: MapNode, at: Place) => Decoded<U>): ObjectDecoder<U> {
  return {
    expects: 'a map of names',
    decodeMap,
    decode: (node, at) => decodeNonEmptyMap(node, at, decodeMap),
    describe: () => ({ kind: 'map', values: values.describe() }),
  }
}

function itemsOf(node: ConfigNode, decoder: Decoder<unknown>): readonly ConfigNode[] | undefined {
  if (node.kind === 'list') return node.items
  if (node.kind === 'map' || decoder.describe().kind !== 'scalar') return undefined
  if (node.text === '') return []
  return splitAtCommas(node)
}

function reportUnknownKey(source: Source, at: Place, known: { key: string; fields: Fields }): void {
  const names = Object.keys(known.fields).filter((name) => known.fields[name]?.status !== 'removed')
  const allowed = names.filter((name) => known.fields[name]?.status !== 'notYet')
  at.error(source, `unknown key (expected ${allowed.join(', ')}${hint(known.key, names)})`)
}

function describeFields(fields: Fields): FieldDescription[] {
  return Object.entries(fields).map(([key, decoder]) => {
    const description: Description = decoder.describe()
    const mark = decoder.isExperimental && { isExperimental: true as const }
    const common = {
      key,
      description,
      expects: decoder.expects,
      status: decoder.status ?? 'supported',
      ...mark,
    } as const
    if (decoder.absent === undefined) return { ...common, required: true }
    const source: Source = { kind: 'flag', flag: key }
    const value = decoder.absent(new Place(new ProblemCollector()), source)
    if (value === undefined || value === invalid) return { ...common, required: false }
    return { ...common, required: false, default: value }
  })
}
