export interface TomlText {
  readonly text: string
  /** Behind its last quote. */
  readonly end: number
  /** Has three quotes. */
  readonly isOverLines: boolean
}

const forms = {
  '"': {
    line: /"(?:[\t !#-[\]-~\u00a1-\u1fff\u2030-\ud7ff]|\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}))*"/y,
    lines:
      /"""(?:[\t\n !#-[\]-~\u00a1-\u1fff\u2030-\ud7ff]|"{1,2}(?!")|\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}|[ \t]*\n))*"""(?!")/y,
  },
  "'": {
    line: /'[\t -&(-~\u00a1-\u1fff\u2030-\ud7ff]*'/y,
    lines: /'''(?:[\t\n -&(-~\u00a1-\u1fff\u2030-\ud7ff]|'{1,2}(?!'))*'''(?!')/y,
  },
} as const

/** Where a quote is missing, a text goes on to the next one, or through all of the file. */
const longestToQuote = 10_000

/** A text of printable characters. Undefined for any other, and for what is no text. */
export function takeTomlText(written: string, at: number): TomlText | undefined {
  const quote = written[at]
  if (quote !== '"' && quote !== "'") return undefined
  const quotes = quote.repeat(3)
  const isOverLines = written.startsWith(quotes, at)
  const close = written.indexOf(isOverLines ? quotes : quote, at + quotes.length)
  const form = forms[quote][isOverLines ? 'lines' : 'line']
  form.lastIndex = at
  if (close - at > longestToQuote || !form.test(written)) return undefined
  const end = form.lastIndex
  const inQuotes = isOverLines ? withoutFirstBreak(written.slice(at + 3, end - 3)) : written.slice(at + 1, end - 1)
  return { text: quote === '"' ? unescaped(inQuotes) : inQuotes, end, isOverLines }
}

function withoutFirstBreak(text: string): string {
  return text.startsWith('\n') ? text.slice(1) : text
}

const beyondJson = /\\[ \t]*\n[ \t\n]*|\\.|[\n\t"]/g
const inJson: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '"': '\\"' }

/** The escapes that the patterns let pass mean the same in JSON, but for the one that takes a line break away. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  const json = text.replaceAll(beyondJson, (part) => {
    if (part.length > 1 && /\s/.test(part[1]!)) return ''
    return inJson[part] ?? part
  })
  return JSON.parse(`"${json}"`) as string
}
