import type { Decoder, Description, FieldDescription, ScalarType } from './decoder.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { findEntry, type ConfigNode, type MapNode, type ScalarNode, splitAtCommas } from './node.ts'
import { parseBoolean } from './scalar.ts'

/** What `JSON.stringify` takes. */
export type Json = string | number | boolean | object

/** Traefik's own, in its logs and support dumps. */
const hidden = 'xxxx'

/**
 * A configuration as Traefik's API shows it: what was written, under the keys' own spelling and with typed values, and
 * the defaults of what was not, unless they are nothing (Go's `omitempty`). Secrets are hidden, and so are passwords in
 * URLs.
 */
export function writtenOut(node: ConfigNode, decoder: Decoder<unknown>): Json {
  return ofNode(node, descriptionOf(decoder))
}

/** The same for a configuration of which only the decoded value is left. */
export function valueWrittenOut(value: unknown, decoder: Decoder<unknown>): Json | undefined {
  return ofValue(value, descriptionOf(decoder))
}

const descriptions = new WeakMap<Decoder<unknown>, Description>()

/** Made once: a description asks every key for its default. */
function descriptionOf(decoder: Decoder<unknown>): Description {
  const known = descriptions.get(decoder)
  if (known !== undefined) return known
  const description = decoder.describe()
  descriptions.set(decoder, description)
  return description
}

function ofNode(node: ConfigNode, description: Description): Json {
  switch (description.kind) {
    case 'scalar':
      if (description.isSecret === true) return hidden
      return node.kind === 'scalar' ? ofText(node.text, description.type) : asWritten(node)
    case 'list':
      return itemsOf(node).map((item) => ofNode(item, description.items))
    case 'map':
      return withEntries(node, (entry) => ofNode(entry, description.values))
    case 'object':
      return ofFields(node, description.fields)
    case 'oneKind':
      return ofFields(node, [...description.kinds, ...description.beside])
    case 'free':
      return asWritten(node)
  }
}

function itemsOf(node: ConfigNode): readonly ConfigNode[] {
  if (node.kind === 'list') return node.items
  return node.kind === 'scalar' && node.text !== '' ? splitAtCommas(node) : []
}

function ofFields(node: ConfigNode, fields: readonly FieldDescription[]): Json {
  const written: Record<string, Json> = {}
  for (const { key, description, status, default: value } of fields) {
    if (status !== 'supported') continue
    const entry = node.kind === 'map' ? findEntry(node, key)?.entry.node : undefined
    const isThere = entry !== undefined && !isSwitchedOff(entry, description)
    const json = isThere ? ofNode(entry, description) : ofValue(value, description)
    if (json !== undefined) written[key] = json
  }
  return written
}

/** `sticky.cookie: false` is as if the key were not there. */
function isSwitchedOff(node: ConfigNode, description: Description): boolean {
  return node.kind === 'scalar' && description.kind === 'object' && parseBoolean(node.text) !== true
}

function ofText(text: string, type: ScalarType | undefined): Json {
  if (type === undefined) return withoutPassword(text)
  if (type === 'boolean') return parseBoolean(text) ?? text
  if (type === 'number') return exactNumber(text)
  const duration = parseDuration(text)
  return duration.ok ? formatDuration(duration.value) : text
}

/** Priorities go up to 2⁶³: JSON has room for them, JavaScript's numbers have not. */
export function exactNumber(text: string): Json {
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text) || Number.isSafeInteger(value)) return value
  return JSON.rawJSON(String(BigInt(text)))
}

/** `http://user:xxxx@host` */
export function withoutPassword(text: string): string {
  return text.includes('@') ? text.replace(/(:\/\/[^/@:\s]*:)[^/@\s]+@/, `$1${hidden}@`) : text
}

/** Undefined for what is left out. */
function ofValue(value: unknown, description: Description): Json | undefined {
  switch (description.kind) {
    case 'scalar':
      return ofScalarValue(value, description)
    case 'list': {
      if (!Array.isArray(value) || value.length === 0) return undefined
      return value.map((item: unknown) => ofValue(item, description.items))
    }
    case 'map': {
      if (!(value instanceof Map) || value.size === 0) return undefined
      return Object.fromEntries([...value].map(([name, each]) => [name, ofValue(each, description.values)]))
    }
    case 'object':
      return ofObjectValue(value, description.fields)
    case 'oneKind':
    case 'free':
      return undefined
  }
}

type ScalarDescription = Extract<Description, { kind: 'scalar' }>

function ofScalarValue(value: unknown, { type, isSecret }: ScalarDescription): Json | undefined {
  if (value === undefined || value === '' || value === false || value === 0 || value === 0n) return undefined
  if (isSecret === true) return hidden
  if (typeof value === 'number' && type === 'duration') return formatDuration(value)
  if (typeof value === 'bigint') return exactNumber(String(value))
  if (typeof value === 'string') return withoutPassword(value)
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

function ofObjectValue(value: unknown, fields: readonly FieldDescription[]): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const written: Record<string, Json> = {}
  for (const [key, each] of Object.entries(value)) {
    const field = fields.find((candidate) => candidate.key === key)
    const json = field === undefined ? undefined : ofValue(each, field.description)
    if (json !== undefined) written[key] = json
  }
  return written
}

function withEntries(node: ConfigNode, convert: (entry: ConfigNode) => Json): Json {
  const entries = node.kind === 'map' ? [...node.entries] : []
  return Object.fromEntries(entries.map(([key, entry]) => [key, convert(entry.node)]))
}

function asWritten(node: ConfigNode): Json {
  switch (node.kind) {
    case 'scalar':
      return scalarAsWritten(node)
    case 'list':
      return node.items.map(asWritten)
    case 'map':
      return mapAsWritten(node)
  }
}

function scalarAsWritten({ value }: ScalarNode): Json {
  if (typeof value === 'string') return withoutPassword(value)
  return typeof value === 'bigint' ? exactNumber(String(value)) : value
}

function mapAsWritten(node: MapNode): Json {
  return withEntries(node, asWritten)
}
