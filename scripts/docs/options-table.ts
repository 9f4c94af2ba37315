import type { Description, FieldDescription } from '../../src/config/decoder.ts'

/** One line of a reference table. */
export interface OptionRow {
  /** `servers[].url`, `<name>.address` */
  readonly key: string
  readonly value: string
  readonly default: string
  readonly support: 'yes' | 'experimental' | 'not yet' | 'no effect'
}

const support = { supported: 'yes', notYet: 'not yet', dead: 'no effect' } as const

/** Every key below `description`, in the order of the schema; keys that Traefik has removed are left out. */
export function optionRows(description: Description, prefix = ''): OptionRow[] {
  switch (description.kind) {
    case 'object':
      return description.fields.flatMap((field) => fieldRows(field, prefix))
    case 'oneKind':
      return [...description.kinds, ...description.beside].flatMap((field) => fieldRows(field, prefix))
    case 'map':
      return optionRows(description.values, `${prefix}<name>.`)
    case 'list':
      return optionRows(description.items, prefix.replace(/\.$/, '[].'))
    case 'scalar':
    case 'free':
      return []
  }
}

function fieldRows(field: FieldDescription, prefix: string): OptionRow[] {
  if (field.status === 'removed') return []
  const row: OptionRow = {
    key: prefix + field.key,
    value: valueOf(field),
    default: defaultOf(field),
    support: field.isExperimental ? 'experimental' : support[field.status],
  }
  if (field.status !== 'supported') return [{ ...row, default: '' }]
  return [row, ...optionRows(field.description, `${prefix}${field.key}.`)]
}

function valueOf({ description, expects }: FieldDescription): string {
  switch (description.kind) {
    case 'object':
      return description.allowEmpty ? 'section, or `true`' : 'section'
    case 'map':
      return description.values.kind === 'scalar'
        ? `map of names, each with ${description.values.expects}`
        : 'map of names'
    case 'list':
      return description.items.kind === 'scalar' ? expects : 'list of sections'
    case 'oneKind':
      return 'section with one key'
    case 'scalar':
      return description.type === 'duration' ? 'a duration' : expects
    case 'free':
      return ''
  }
}

function defaultOf({ description, required, default: value }: FieldDescription): string {
  if (required) return 'required'
  // A section that is there all the same has the defaults of its keys.
  if (value === undefined || description.kind === 'object') return ''
  const isDuration = description.kind === 'scalar' && description.type === 'duration'
  if (typeof value === 'number' && isDuration) return code(durationText(value))
  return plainText(value)
}

function plainText(value: unknown): string {
  if (typeof value === 'string') return code(value === '' ? '""' : value)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return code(String(value))
  if (value instanceof Map) return value.size === 0 ? '' : plainText([...value.keys()])
  if (!Array.isArray(value) || value.length === 0) return ''
  return value.map(plainText).join(', ')
}

function code(text: string): string {
  return `\`${text}\``
}

/** As it may be written in a configuration: `1m30s`, `100ms`. */
export function durationText(ms: number): string {
  if (ms === 0) return '0s'
  const [minutes, rest] = [Math.trunc(ms / 60_000), ms % 60_000]
  const parts = [
    minutes === 0 ? '' : `${minutes}m`,
    rest === 0 ? '' : rest % 1000 === 0 ? `${rest / 1000}s` : `${rest}ms`,
  ]
  return parts.join('')
}

/** A table with its columns in line, as the formatter wants them. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`
  const [first = [], ...others] = cells
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n')
}

/** Wider ones would push the other columns out of sight. */
const widestCell = 120

/** A table of all keys; what is too long for a cell stands below it. */
export function optionsTable(description: Description): string {
  const rows = optionRows(description)
  if (rows.length === 0) return 'No options.'
  const notes: string[] = []
  const fitted = (text: string, note: string): string => {
    if (text.length <= widestCell) return text
    notes.push(`${note}: ${text}.`)
    return 'see below'
  }
  const cells = rows.map(({ key, value, default: preset, support: state }) => {
    return [code(key), fitted(value, code(key)), fitted(preset, `default of ${code(key)}`), state]
  })
  return [markdownTable(['key', 'value', 'default', 'supported'], cells), ...notes].join('\n\n')
}
