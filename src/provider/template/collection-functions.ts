import { atLeast, between, exactly, type FunctionTable } from './function.ts'
import {
  expectCount,
  expectList,
  expectMap,
  expectText,
  isList,
  kindOf,
  TemplateFault,
  toText,
  type Value,
} from './value.ts'

export const collectionFunctions: FunctionTable = {
  len: exactly(1, ([value]) => BigInt(lengthOf(value))),
  index: atLeast(1, ([value, ...keys]) => keys.reduce(elementAt, value)),
  slice: between(1, 3, ([value, start, end]) => slice(value, start, end)),
  list: atLeast(0, (values) => [...values]),
  tuple: atLeast(0, (values) => [...values]),
  first: exactly(1, ([values]) => expectList(values)[0]),
  last: exactly(1, ([values]) => expectList(values).at(-1)),
  rest: exactly(1, ([values]) => expectList(values).slice(1)),
  initial: exactly(1, ([values]) => expectList(values).slice(0, -1)),
  append: exactly(2, ([values, value]) => [...expectList(values), value]),
  prepend: exactly(2, ([values, value]) => [value, ...expectList(values)]),
  concat: atLeast(0, (lists) => lists.flatMap((values) => [...expectList(values)])),
  reverse: exactly(1, ([values]) => expectList(values).toReversed()),
  uniq: exactly(1, ([values]) => distinct(expectList(values))),
  without: atLeast(1, ([values, ...unwanted]) => expectList(values).filter((value) => !holds(unwanted, value))),
  has: exactly(2, ([value, values]) => holds(expectList(values), value)),
  compact: exactly(1, ([values]) => expectList(values).filter((value) => value !== undefined && value !== '')),
  sortAlpha: exactly(1, ([values]) =>
    expectList(values)
      .map((value) => toText(value))
      .toSorted(byCodePoint),
  ),
  dict: atLeast(0, dict),
  get: exactly(2, ([map, key]) => expectMap(map).get(expectText(key)) ?? ''),
  set: exactly(3, ([map, key, value]) => expectMap(map).set(expectText(key), value)),
  unset: exactly(2, ([map, key]) => {
    expectMap(map).delete(expectText(key))
    return map
  }),
  hasKey: exactly(2, ([map, key]) => expectMap(map).has(expectText(key))),
  keys: atLeast(1, (maps) => maps.flatMap((map) => [...expectMap(map).keys()])),
  values: exactly(1, ([map]) => [...expectMap(map).values()]),
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (isList(value)) return value.length
  if (value instanceof Map) return value.size
  throw new TemplateFault(`${kindOf(value)} has no length`)
}

function elementAt(value: Value, key: Value): Value {
  if (value instanceof Map) return value.get(expectText(key))
  if (typeof value !== 'string' && !isList(value))
    throw new TemplateFault(`can't index a value of type ${kindOf(value)}`)
  const position = expectCount(key)
  if (position < 0 || position >= lengthOf(value)) throw new TemplateFault(`index out of range: ${position}`)
  return isList(value) ? value[position] : BigInt(Buffer.from(value)[position] ?? 0)
}

function slice(value: Value, start: Value, end: Value): Value {
  const length = lengthOf(value)
  const from = start === undefined ? 0 : expectCount(start)
  const to = end === undefined ? length : expectCount(end)
  if (from < 0 || to > length || from > to) throw new TemplateFault(`slice out of range: ${from} to ${to} of ${length}`)
  return typeof value === 'string'
    ? Buffer.from(value).subarray(from, to).toString()
    : expectList(value).slice(from, to)
}

/** Keys and values in turn, as Sprig has it; a key without a value gets ''. */
function dict(values: readonly Value[]): Value {
  const map = new Map<string, Value>()
  for (let at = 0; at < values.length; at += 2)
    map.set(toText(values[at]), at + 1 < values.length ? values[at + 1] : '')
  return map
}

function distinct(values: readonly Value[]): Value[] {
  const kept: Value[] = []
  for (const value of values) if (!holds(kept, value)) kept.push(value)
  return kept
}

function holds(values: readonly Value[], wanted: Value): boolean {
  return values.some((value) => Bun.deepEquals(value, wanted))
}

function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
