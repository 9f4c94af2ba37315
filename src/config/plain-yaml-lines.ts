/** Texts of YAML that go on over several lines, as far as they are plain: see `readPlainYaml`. */
export interface TextOverLines {
  readonly text: string
  /** Behind its last character. */
  readonly end: number
}

export interface TextStart {
  readonly written: string
  readonly at: number
  /** Lines that belong to it are indented by as much, at least. */
  readonly leastIndent: number
}

const blockHead = /[|>]-? *(?: #[\x20-\x7e\u00a1-\u2027\u202a-\ufefe]*)?\n/y
const contentLine = /^[\x21-\x7e\u00a1-\u2027\u202a-\ufefe][\x20-\x7e\u00a1-\u2027\u202a-\ufefe]*$/
/** For `|` alone, where what is indented further keeps its indentation. */
const literalLine = /^[\x20-\x7e\u00a1-\u2027\u202a-\ufefe]+$/

/** `|`, `|-`, `>` and `>-`, without a number for their indentation. */
export function takeBlock({ written, at, leastIndent }: TextStart): TextOverLines | undefined {
  blockHead.lastIndex = at
  if (!blockHead.test(written)) return undefined
  const isLiteral = written[at] === '|'
  const lines: string[] = []
  let indent = -1
  let end = at
  for (let start = blockHead.lastIndex; start < written.length; start = endOfLine(written, start) + 1) {
    const lineEnd = endOfLine(written, start)
    const own = indentAt(written, start)
    const isEmpty = start + own === lineEnd
    // Blanks in an empty line may belong to the text.
    if (isEmpty && own > 0) return undefined
    if (!isEmpty) {
      if (indent < 0 && own >= leastIndent) indent = own
      if (indent < 0 || own < indent) break
      end = lineEnd
    }
    const line = isEmpty ? '' : written.slice(start + indent, lineEnd)
    if (!isEmpty && !(isLiteral ? literalLine : contentLine).test(line)) return undefined
    lines.push(line)
  }
  if (indent < 0) return undefined
  while (lines.at(-1) === '') lines.pop()
  const text = isLiteral ? lines.join('\n') : foldedBlock(lines)
  return { text: written[at + 1] === '-' ? text : `${text}\n`, end }
}

/** Empty lines in front of the text count one by one. */
function foldedBlock(lines: readonly string[]): string {
  const first = lines.findIndex((line) => line !== '')
  return '\n'.repeat(first) + folded(lines.slice(first))
}

/** A line break is a space; of more than one, the first does not count. */
function folded(lines: readonly string[]): string {
  let text = lines[0] ?? ''
  let empty = 0
  for (const line of lines.slice(1)) {
    if (line === '') {
      empty += 1
      continue
    }
    text += (empty === 0 ? ' ' : '\n'.repeat(empty)) + line
    empty = 0
  }
  return text
}

const quotedOverLines =
  /"(?:[\n !#-[\]-~\u00a1-\u2027\u202a-\ufefe]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|'(?:[\n -&(-~\u00a1-\u2027\u202a-\ufefe]|'')*'/y
/** Where a quote is missing, the text goes on to the next one, or through all of the file. */
const longestToQuote = 10_000
const lineBreaks = / *\n[ \n]*/g

export function takeQuotedLines({ written, at, leastIndent }: TextStart): TextOverLines | undefined {
  const close = written.indexOf(written[at]!, at + 1)
  quotedOverLines.lastIndex = at
  if (close < 0 || close - at > longestToQuote || !quotedOverLines.test(written)) return undefined
  const end = quotedOverLines.lastIndex
  for (let start = endOfLine(written, at) + 1; start < end; start = endOfLine(written, start) + 1) {
    const own = indentAt(written, start)
    if (own < leastIndent && written[start + own] !== '\n') return undefined
  }
  const lineBreak = written[at] === '"' ? '\\n' : '\n'
  const onOneLine = written.slice(at, end).replaceAll(lineBreaks, (blank) => {
    const count = blank.split('\n').length - 1
    return count === 1 ? ' ' : lineBreak.repeat(count - 1)
  })
  return { text: unquoted(onOneLine), end }
}

/** Of a literal that the patterns here let pass. */
export function unquoted(literal: string): string {
  const inner = literal.slice(1, -1)
  if (literal.startsWith("'")) return inner.includes("'") ? inner.replaceAll("''", "'") : inner
  // The escapes that the patterns let pass mean the same in JSON.
  return inner.includes('\\') ? (JSON.parse(literal) as string) : inner
}

const nextLine = / *\n(?: *\n)* */y
const words =
  /[!"$-~\u00a1-\u2027\u202a-\ufefe][!-~\u00a1-\u2027\u202a-\ufefe]*(?: +[!"$-~\u00a1-\u2027\u202a-\ufefe][!-~\u00a1-\u2027\u202a-\ufefe]*)*/y

/** What follows `first`, a plain text that ends its line. Undefined when its colons would make it a key. */
export function takePlainLines(first: string, { written, at, leastIndent }: TextStart): TextOverLines | undefined {
  const lines = [first]
  let end = at
  for (;;) {
    nextLine.lastIndex = end
    if (!nextLine.test(written)) break
    const start = nextLine.lastIndex
    const lineBreak = written.lastIndexOf('\n', start - 1)
    words.lastIndex = start
    if (start - lineBreak - 1 < leastIndent || !words.test(written)) break
    const line = written.slice(start, words.lastIndex)
    if (line.includes(': ') || line.endsWith(':')) return undefined
    for (let empty = written.slice(end, lineBreak).split('\n').length - 1; empty > 0; empty--) lines.push('')
    lines.push(line)
    end = words.lastIndex
  }
  return { text: folded(lines), end }
}

function endOfLine(written: string, at: number): number {
  const end = written.indexOf('\n', at)
  return end < 0 ? written.length : end
}

function indentAt(written: string, start: number): number {
  let at = start
  while (written.charCodeAt(at) === 32) at += 1
  return at - start
}
