import { kindOf, TemplateFault, toText, type Value } from './value.ts'

interface Verb {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly letter: string
}

const directive = /%([-+# 0]*)(\d*)(?:\.(\d*))?(.)?/gsu

/** Go's Sprintf with the verbs that make sense in a configuration: v s q d x X o b c t f g e T and %%. */
export function formatText(format: string, values: readonly Value[]): string {
  let used = 0
  const text = format.replace(directive, (_, flags: string, width: string, precision?: string, letter?: string) => {
    if (letter === undefined) return '%!(NOVERB)'
    if (letter === '%') return '%'
    if (used >= values.length) return `%!${letter}(MISSING)`
    const verb = {
      flags,
      width: Number(width),
      precision: precision === undefined ? undefined : Number(precision),
      letter,
    }
    if (verb.width > 1000 || (verb.precision ?? 0) > 100) throw new TemplateFault('width or precision is too large')
    return padded(verb, formatted(verb, values[used++]))
  })
  const extra = values.slice(used).map((value) => `${kindOf(value)}=${toText(value)}`)
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`
}

function formatted(verb: Verb, value: Value): string {
  if (verb.letter === 'v') return withSign(verb, value, toText(value))
  if (verb.letter === 'T') return kindOf(value)
  const text =
    typeof value === 'string'
      ? formattedText(verb, value)
      : typeof value === 'bigint'
        ? formattedInteger(verb, value)
        : typeof value === 'number'
          ? formattedFloat(verb, value)
          : typeof value === 'boolean'
            ? verb.letter === 't'
              ? String(value)
              : undefined
            : verb.letter === 's'
              ? toText(value)
              : undefined
  return text === undefined ? `%!${verb.letter}(${kindOf(value)}=${toText(value)})` : withSign(verb, value, text)
}

function formattedText({ letter, precision }: Verb, value: string): string | undefined {
  const cut = precision === undefined ? value : [...value].slice(0, precision).join('')
  if (letter === 's') return cut
  if (letter === 'q') return JSON.stringify(cut)
  if (letter === 'x') return Buffer.from(cut).toString('hex')
  if (letter === 'X') return Buffer.from(cut).toString('hex').toUpperCase()
  return undefined
}

const bases: Readonly<Record<string, number>> = { d: 10, x: 16, X: 16, o: 8, b: 2 }

function formattedInteger({ letter }: Verb, value: bigint): string | undefined {
  if (letter === 'c') return value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd'
  const base = bases[letter]
  if (base === undefined) return undefined
  const digits = value.toString(base)
  return letter === 'X' ? digits.toUpperCase() : digits
}

function formattedFloat({ letter, precision }: Verb, value: number): string | undefined {
  if (letter === 'f' || letter === 'F') return value.toFixed(precision ?? 6)
  if (letter === 'e') return value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2')
  if (letter !== 'g') return undefined
  return precision === undefined ? toText(value) : toText(Number(value.toPrecision(Math.max(1, precision))))
}

function withSign({ flags }: Verb, value: Value, text: string): string {
  const isPositive = (typeof value === 'bigint' || typeof value === 'number') && value >= 0
  return isPositive && flags.includes('+') ? `+${text}` : text
}

function padded({ flags, width }: Verb, text: string): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0')) return ' '.repeat(missing) + text
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}
