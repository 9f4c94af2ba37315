/** A value of a template: Go's int64 is a bigint, float64 a number, nil is undefined, a map a Map. */
export type Value = undefined | boolean | bigint | number | string | readonly Value[] | Map<string, Value>

/** A mistake in a template or in what it computes; `offset` points into the template's text. */
export class TemplateFault extends Error {
  readonly offset: number | undefined

  constructor(message: string, offset?: number) {
    super(message)
    this.name = 'TemplateFault'
    this.offset = offset
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** The name that Go's error messages give to the type. */
export function kindOf(value: Value): string {
  if (value === undefined) return 'nil'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'string') return 'string'
  return isList(value) ? 'list' : 'dict'
}

/** False for false, 0, '', nil and empty lists and maps: the condition of `if`, and the opposite of Sprig's `empty`. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0
  if (typeof value === 'bigint') return value !== 0n
  return Boolean(value)
}

/** Go's `%v`. */
export function toText(value: Value, nil = '<nil>'): string {
  if (value === undefined) return nil
  if (typeof value === 'string') return value
  if (typeof value === 'number') return floatText(value)
  if (isList(value)) return `[${value.map((element) => toText(element)).join(' ')}]`
  if (value instanceof Map)
    return `map[${sortedEntries(value)
      .map(([key, element]) => `${key}:${toText(element)}`)
      .join(' ')}]`
  return String(value)
}

/** Go walks maps of a template in the order of their keys. */
export function sortedEntries(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const magnitude = Math.abs(value)
  // Go's %g changes to an exponent below 1e-4, JavaScript below 1e-6; Go writes at least two exponent digits.
  const shortest = magnitude !== 0 && magnitude < 1e-4 ? value.toExponential() : String(value)
  return shortest.replace(/e([+-])(\d)$/, 'e$10$2')
}

const int64Limit = 2n ** 63n

export function isInt64(value: bigint): boolean {
  return value >= -int64Limit && value < int64Limit
}

export function expectText(value: Value): string {
  if (typeof value === 'string') return value
  throw new TemplateFault(`expected a string, got ${describe(value)}`)
}

/** A count or position: an integer that fits a JavaScript number. */
export function expectCount(value: Value): number {
  if (typeof value !== 'bigint') throw new TemplateFault(`expected an integer, got ${describe(value)}`)
  if (value > 2n ** 31n || value < -(2n ** 31n)) throw new TemplateFault(`${value} is out of range`)
  return Number(value)
}

export function expectList(value: Value): readonly Value[] {
  if (value === undefined) return []
  if (isList(value)) return value
  throw new TemplateFault(`expected a list, got ${describe(value)}`)
}

export function expectMap(value: Value): Map<string, Value> {
  if (value instanceof Map) return value
  throw new TemplateFault(`expected a dict, got ${describe(value)}`)
}

function describe(value: Value): string {
  return value === undefined ? 'nil' : `${kindOf(value)} ${JSON.stringify(toText(value))}`
}
