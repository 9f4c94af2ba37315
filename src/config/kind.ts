import { invalid, type Decoded, type Decoder, type FieldDescription, type Infer, type Place } from './decoder.ts'
import { hint } from './nearest.ts'
import { describeNode, type MapEntry, type MapNode } from './node.ts'
import type { Source } from './problem.ts'
import { object, type ObjectDecoder } from './schema.ts'

/** What a registry must say of each kind; a middleware or service definition is one. */
export interface KindDefinition<Options = unknown> {
  readonly name: string
  readonly options: Decoder<Options>
}

/** A decoded element: the definition that its key named, the options decoded by it, and the keys beside it. */
export interface Kinded<Definition extends KindDefinition, Beside = object> {
  readonly definition: Definition
  readonly options: Infer<Definition['options']>
  readonly beside: Beside
}

export interface Kinds<Definition extends KindDefinition, Beside = object> {
  /** What the element is, for messages: `middleware`. */
  readonly noun: string
  readonly registry: readonly Definition[]
  /** Kinds that Traefik has and Sluice has not, in Traefik's spelling. */
  readonly notYet?: readonly string[]
  /** Keys that may stand next to the kind (`middlewares` of a service); all of them must have a value when absent. */
  readonly beside?: ObjectDecoder<Beside>
}

/** An element such as a middleware or a service: a map whose single key names its kind. */
export function exactlyOne<Definition extends KindDefinition>(
  kinds: Omit<Kinds<Definition>, 'beside'>,
): Decoder<Kinded<Definition>>
export function exactlyOne<Definition extends KindDefinition, Beside>(
  kinds: Kinds<Definition, Beside> & { readonly beside: ObjectDecoder<Beside> },
): Decoder<Kinded<Definition, Beside>>
export function exactlyOne<Definition extends KindDefinition>(
  kinds: Kinds<Definition, unknown>,
): Decoder<Kinded<Definition, unknown>> {
  const expects = `a map with one key, the kind of ${kinds.noun}`
  const beside = kinds.beside ?? object({})
  const besideNames = fieldsOf(beside).map((field) => field.key)
  const besideKeys = new Set(besideNames.map((name) => name.toLowerCase()))

  return {
    expects,
    describe: () => ({ kind: 'oneKind', kinds: describeKinds(kinds), beside: fieldsOf(beside) }),
    decode(node, at) {
      if (node.kind !== 'map') return at.error(node.source, `is ${describeNode(node)} (expected ${expects})`)
      const parts = splitMap(node, besideKeys)
      const besideValue = beside.decodeMap(parts.beside, at)
      const kind = decodeKind({ kinds, besideNames }, parts.kind, at)
      if (kind === invalid || besideValue === invalid) return invalid
      return { ...kind, beside: besideValue }
    },
  }
}

interface Candidates<Definition extends KindDefinition> {
  readonly kinds: Kinds<Definition, unknown>
  readonly besideNames: readonly string[]
}

type Kind<Definition extends KindDefinition> = Omit<Kinded<Definition>, 'beside'>

function decodeKind<Definition extends KindDefinition>(
  candidates: Candidates<Definition>,
  node: MapNode,
  at: Place,
): Decoded<Kind<Definition>> {
  const { noun, registry } = candidates.kinds
  const found: { definition: Definition; keySource: Source; kind: Decoded<Kind<Definition>> }[] = []
  let isValid = true
  for (const [key, entry] of node.entries) {
    const place = at.key(key)
    const definition = registry.find((candidate) => isSameKey(candidate.name, key))
    if (definition === undefined) {
      isValid = false
      reportMissingKind(candidates, { key, source: entry.keySource }, place)
    } else if (definition.options.isDisabledBy?.(entry.node, place) !== true) {
      found.push({ definition, keySource: entry.keySource, kind: decodeOptions(definition, entry, place) })
    }
  }
  const [first, second] = found
  if (second !== undefined) {
    const names = found.map(({ definition }) => `"${definition.name}"`).join(' and ')
    return at.error(second.keySource, `has more than one kind: ${names} (expected exactly one; make each a ${noun})`)
  }
  if (!isValid) return invalid
  if (first !== undefined) return first.kind
  const names = registry.map(({ name }) => name).join(', ')
  return at.error(node.source, `has no kind (expected one of ${names}; one without options is written name: {})`)
}

function decodeOptions<Definition extends KindDefinition>(
  definition: Definition,
  entry: MapEntry,
  place: Place,
): Decoded<Kind<Definition>> {
  const options = definition.options.decode(entry.node, place)
  // The registry's element type is what ties the options to their definition; decode() itself says only `unknown`.
  return options === invalid ? invalid : { definition, options: options as Infer<Definition['options']> }
}

function reportMissingKind(
  { kinds, besideNames }: Candidates<KindDefinition>,
  written: { readonly key: string; readonly source: Source },
  at: Place,
): void {
  const { noun, registry, notYet = [] } = kinds
  if (notYet.some((candidate) => isSameKey(candidate, written.key))) {
    at.error(written.source, 'not supported yet')
    return
  }
  const names = [...registry.map(({ name }) => name), ...besideNames]
  const nearest = hint(written.key, [...names, ...notYet])
  at.error(written.source, `unknown kind of ${noun} (expected ${names.join(', ')}${nearest})`)
}

function describeKinds({ registry, notYet = [] }: Kinds<KindDefinition, unknown>): FieldDescription[] {
  const supported = registry.map(({ name, options }) => ({
    key: name,
    description: options.describe(),
    expects: options.expects,
    status: 'supported' as const,
    required: false,
  }))
  const missing = notYet.map((key) => ({
    key,
    description: { kind: 'free' as const },
    expects: 'any value',
    status: 'notYet' as const,
    required: false,
  }))
  return [...supported, ...missing]
}

function fieldsOf(decoder: ObjectDecoder<unknown>): readonly FieldDescription[] {
  const description = decoder.describe()
  return description.kind === 'object' ? description.fields : []
}

/** The keys that stand beside the kind (in lower case here), and the others. */
function splitMap(
  node: MapNode,
  besideKeys: ReadonlySet<string>,
): { readonly kind: MapNode; readonly beside: MapNode } {
  const kind = new Map<string, MapEntry>()
  const beside = new Map<string, MapEntry>()
  for (const [key, entry] of node.entries) {
    if (besideKeys.has(key.toLowerCase())) beside.set(key, entry)
    else kind.set(key, entry)
  }
  return { kind: { ...node, entries: kind }, beside: { ...node, entries: beside } }
}

function isSameKey(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
