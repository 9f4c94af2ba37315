import { createHash } from 'node:crypto'
import { atLeast, exactly, type FunctionTable, type TemplateFunction } from './function.ts'
import { expectText, isInt64, isList, sortedEntries, TemplateFault, toText, type Value } from './value.ts'

export const encodingFunctions: FunctionTable = {
  b64enc: onText((text) => Buffer.from(text).toString('base64')),
  b64dec: onText(decodeBase64),
  sha1sum: onText((text) => createHash('sha1').update(text).digest('hex')),
  sha256sum: onText((text) => createHash('sha256').update(text).digest('hex')),
  sha512sum: onText((text) => createHash('sha512').update(text).digest('hex')),
  html: atLeast(1, (values) => escapeHtml(joined(values))),
  js: atLeast(1, (values) => escapeJavaScript(joined(values))),
  urlquery: atLeast(1, (values) => escapeQuery(joined(values))),
  toJson: exactly(1, ([value]) => escapeJson(encodeJson(value))),
  toRawJson: exactly(1, ([value]) => encodeJson(value)),
  toPrettyJson: exactly(1, ([value]) => escapeJson(encodeJson(value, '\n'))),
  fromJson: onText(fromJson),
}

function onText(change: (text: string) => Value): TemplateFunction {
  return exactly(1, ([text]) => change(expectText(text)))
}

function joined(values: readonly Value[]): string {
  return values.map((value) => toText(value)).join('')
}

function decodeBase64(text: string): string {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new TemplateFault('illegal base64 text')
  }
  return Buffer.from(text, 'base64').toString()
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (character) => htmlEscapes[character] ?? character)
}

function escapeJavaScript(text: string): string {
  return text.replace(/[\\'"<>&=\x00-\x1f]/g, (character) => {
    if (character === '\\' || character === "'" || character === '"') return `\\${character}`
    return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  })
}

// Go's QueryEscape leaves letters, digits and -_.~ alone and writes a space as +.
function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

// Go's encoder keeps JSON safe inside HTML; what a template makes must be the same bytes.
function escapeJson(text: string): string {
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// Not JSON.stringify on the whole: integers may exceed what a JavaScript number holds.
function encodeJson(value: Value, newline?: string): string {
  if (value === undefined) return 'null'
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  if (typeof value !== 'object') return typeof value === 'string' ? JSON.stringify(value) : String(value)
  const inner = newline === undefined ? undefined : `${newline}  `
  const colon = newline === undefined ? ':' : ': '
  const items = isList(value)
    ? value.map((element) => encodeJson(element, inner))
    : sortedEntries(value).map(([key, element]) => `${JSON.stringify(key)}${colon}${encodeJson(element, inner)}`)
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}']
  if (newline === undefined || items.length === 0) return `${open}${items.join(',')}${close}`
  return `${open}${inner}${items.join(`,${inner}`)}${newline}${close}`
}

function fromJson(text: string): Value {
  let plain: unknown
  try {
    plain = JSON.parse(text)
  } catch (thrown) {
    throw new TemplateFault(thrown instanceof Error ? thrown.message : 'not JSON')
  }
  return fromPlain(plain)
}

function fromPlain(plain: unknown): Value {
  if (typeof plain === 'string' || typeof plain === 'boolean') return plain
  if (typeof plain === 'number') return integerOrFloat(plain)
  if (Array.isArray(plain)) return plain.map(fromPlain)
  if (typeof plain !== 'object' || plain === null) return undefined
  return new Map(Object.entries(plain).map(([key, value]) => [key, fromPlain(value)]))
}

// Go decodes every number as float64, and prints a whole one without a fraction; kept whole here, it can be counted with.
function integerOrFloat(value: number): Value {
  if (!Number.isSafeInteger(value)) return value
  const integer = BigInt(value)
  return isInt64(integer) ? integer : value
}
