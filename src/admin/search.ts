import type { Steps } from '../config/steps.ts'
import type { Item } from './item.ts'

/** The items that the query asks for, all pages of them, in its order. */
export function* searchItems(items: readonly Item[], query: URLSearchParams): Steps<Item[]> {
  const found: Item[] = []
  const criterion = criterionOf(query)
  for (const item of items) {
    if (matches(item, criterion)) found.push(item)
    yield
  }
  const sortBy = sortFields.find((field) => field === query.get('sortBy')) ?? 'name'
  // Traefik: whatever is said of the direction but `asc` means descending.
  const sign = (query.get('direction') || 'asc') === 'asc' ? 1 : -1
  return yield* sorted(found, (one, other) => sign * compareBy(sortBy, one, other))
}

interface Criterion {
  readonly search: string
  readonly status: string
  readonly serviceName: string
  readonly middlewareName: string
}

function criterionOf(query: URLSearchParams): Criterion {
  return {
    search: (query.get('search') ?? '').toLowerCase(),
    status: (query.get('status') ?? '').toLowerCase(),
    serviceName: query.get('serviceName') ?? '',
    middlewareName: query.get('middlewareName') ?? '',
  }
}

/** `serviceName` and `middlewareName` are about routers: of other items they leave none out, as in Traefik. */
function matches({ name, status, rule, service, middlewares }: Item, criterion: Criterion): boolean {
  const { search, status: wanted, serviceName, middlewareName } = criterion
  if (wanted !== '' && wanted !== status) return false
  if (search !== '' && ![name, rule].some((text) => text?.toLowerCase().includes(search))) return false
  if (rule === undefined) return true
  if (serviceName !== '' && service !== serviceIn(serviceName, service)) return false
  return middlewareName === '' || middlewares?.includes(middlewareName) === true
}

/** A router may name a service of its own provider without that: `app` for `app@file`. */
function serviceIn(wanted: string, written: string | undefined): string {
  return written?.includes('@') === true ? wanted : wanted.replace(/@.*$/, '')
}

const sortFields = [
  'name',
  'provider',
  'priority',
  'status',
  'rule',
  'service',
  'entryPoints',
  'type',
  'servers',
] as const satisfies readonly (keyof Item)[]

function compareBy(field: (typeof sortFields)[number], one: Item, other: Item): number {
  return compare(one[field], other[field]) || compare(one.name, other.name)
}

type Key = string | number | bigint | undefined

function compare(one: Key, other: Key): number {
  if (one === other) return 0
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1
  return one < other ? -1 : 1
}

/** Few enough to be sorted, or merged, in one step. */
const runLength = 512

/** A merge sort that lets others have their turn: that of 100,000 names takes a tenth of a second. */
export function* sorted<T>(items: readonly T[], compare: (one: T, other: T) => number): Steps<T[]> {
  if (items.length <= runLength) return items.toSorted(compare)
  const middle = items.length >> 1
  const left = yield* sorted(items.slice(0, middle), compare)
  const right = yield* sorted(items.slice(middle), compare)
  const merged: T[] = []
  let [leftAt, rightAt] = [0, 0]
  while (leftAt < left.length && rightAt < right.length) {
    const takesLeft = compare(left[leftAt]!, right[rightAt]!) <= 0
    merged.push(takesLeft ? left[leftAt++]! : right[rightAt++]!)
    if (merged.length % runLength === 0) yield
  }
  return merged.concat(left.slice(leftAt), right.slice(rightAt))
}
