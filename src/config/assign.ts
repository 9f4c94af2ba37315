import type { Description } from './decoder.ts'
import { type ConfigNode, findEntry, type ListNode, type MapNode } from './node.ts'
import type { ProblemCollector, Source } from './problem.ts'
import { parseBoolean } from './scalar.ts'

/** One value given from outside the file: by a flag or an environment variable. */
export interface Assignment {
  /** `['entryPoints', 'web', 'http', 'tls', 'domains', '0', 'main']`, in any case. */
  readonly path: readonly string[]
  readonly text: string
  readonly source: Source
}

/** An assignment on its way down the tree, with the place for a problem that decoding can't see any more. */
interface Given extends Assignment {
  readonly problems: ProblemCollector
}

/**
 * The tree with one leaf replaced or added; everything beside it stays. Keys are matched in any case, and keep the
 * spelling of the schema, or of the tree for names of the user's own. What fits no schema goes in as written: decoding
 * tells.
 */
export function assign(node: ConfigNode | undefined, schema: Description | undefined, given: Given): ConfigNode {
  const [step, ...rest] = given.path
  if (step === undefined) return assignLeaf(node, schema, given)
  if (/^\d+$/.test(step) && (schema?.kind === 'list' || node?.kind === 'list')) {
    return assignItem(node, schema?.kind === 'list' ? schema.items : undefined, given)
  }
  const map = node?.kind === 'map' ? node : emptyMap(given.source)
  const target = resolveStep(map, schema, [step, ...rest])
  const found = findEntry(map, target.key)
  const child = assign(found?.entry.node, target.schema, { ...given, path: target.rest })
  const keySource = found?.entry.keySource ?? given.source
  const entries = new Map(map.entries).set(found?.key ?? target.key, { keySource, node: child })
  return { ...map, entries }
}

/** List items come in the order of their numbers, 2 before 10, and a section before what is in it. */
export function compareByPath(a: Assignment, b: Assignment): number {
  for (const [index, step] of a.path.entries()) {
    const other = b.path[index]
    if (other === undefined) return 1
    if (step === other) continue
    const difference = Number(step) - Number(other)
    if (!Number.isNaN(difference)) return difference
    return step < other ? -1 : 1
  }
  return a.path.length - b.path.length
}

/** What the schema has at a path; undefined where it has nothing, or leaves it open. */
export function schemaAt(schema: Description | undefined, path: readonly string[]): Description | undefined {
  const [step, ...rest] = path
  if (step === undefined || schema === undefined) return schema
  if (schema.kind === 'list') return /^\d+$/.test(step) ? schemaAt(schema.items, rest) : undefined
  if (schema.kind !== 'object' && schema.kind !== 'map') return undefined
  const target = resolveStep(emptyMap({ kind: 'flag', flag: '' }), schema, [step, ...rest])
  return schemaAt(target.schema, target.rest)
}

interface Target {
  readonly key: string
  readonly schema: Description | undefined
  readonly rest: readonly string[]
}

function resolveStep(map: MapNode, schema: Description | undefined, path: readonly [string, ...string[]]): Target {
  const [step, ...rest] = path
  if (schema?.kind === 'object') {
    const field = schema.fields.find(({ key }) => key.toLowerCase() === step.toLowerCase())
    return { key: field?.key ?? step, schema: field?.description, rest }
  }
  if (schema?.kind !== 'map') return { key: step, schema: undefined, rest }
  // A map of plain values has names with dots in them (`service.version`), and nothing below them to confuse them with.
  if (schema.values.kind === 'scalar') return { key: path.join('.'), schema: schema.values, rest: [] }
  return { ...existingName(map, path), schema: schema.values }
}

/** A variable can't spell `web_secure` or `web-secure` otherwise than as two steps: look whether there is such a name. */
function existingName(map: MapNode, path: readonly [string, ...string[]]): Omit<Target, 'schema'> {
  for (let length = path.length - 1; length > 1; length--) {
    const spelling = path.slice(0, length).join('_').toLowerCase()
    for (const key of map.entries.keys()) {
      if (key.toLowerCase().replaceAll(/[^a-z0-9]/g, '_') === spelling) return { key, rest: path.slice(length) }
    }
  }
  const [step, ...rest] = path
  return { key: step, rest }
}

function assignLeaf(
  node: ConfigNode | undefined,
  schema: Description | undefined,
  { text, source }: Assignment,
): ConfigNode {
  // "On" for a section that already has settings keeps them: the later source wins per leaf, and sets none of these.
  const keepsSection = node?.kind === 'map' && schema?.kind === 'object' && schema.allowEmpty
  if (keepsSection && parseBoolean(text) === true) return node
  return { kind: 'scalar', text, value: text, source }
}

function assignItem(node: ConfigNode | undefined, schema: Description | undefined, given: Given): ConfigNode {
  const [step = '0', ...path] = given.path
  const list: ListNode = node?.kind === 'list' ? node : { kind: 'list', items: [], source: given.source }
  const { source } = given
  const index = Number(step)
  if (index > list.items.length) {
    const message = `index ${step} skips items (expected ${list.items.length} for the next one)`
    given.problems.add({ severity: 'error', source, path: '', message })
    return list
  }
  return { ...list, items: list.items.toSpliced(index, 1, assign(list.items[index], schema, { ...given, path })) }
}

function emptyMap(source: Source): MapNode {
  return { kind: 'map', entries: new Map(), source }
}
