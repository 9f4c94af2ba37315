import type { DocumentSource } from './dynamic-element.ts'
import type { Source } from './problem.ts'

/** A text value with the place where it begins, for languages inside the configuration such as rules. */
export interface PlacedText {
  readonly text: string
  readonly source: Source
}

/**
 * The place of one character of a value, however the value was written: plain, quoted with escapes, or as a block over
 * several lines. Where value and document can't be brought into line (a template made it), the value's beginning.
 */
export function sourceOfOffset({ text, source }: PlacedText, offset: number, document: DocumentSource): Source {
  if (source.kind !== 'file') return source
  const lines = linesOf(document)
  const found = alignedOffset({ text, offset, written: document.text, start: lines.offsetOf(source) })
  return found === undefined ? source : { kind: 'file', file: source.file, ...lines.positionOf(found) }
}

const knownLines = new WeakMap<DocumentSource, TextLines>()

/** Counted once for a document: there may be a mistake in each of 10,000 rules. */
function linesOf(document: DocumentSource): TextLines {
  const known = knownLines.get(document)
  if (known !== undefined) return known
  const lines = new TextLines(document.text)
  knownLines.set(document, lines)
  return lines
}

/** Lines and columns, both from 1, of a text's offsets. */
export class TextLines {
  readonly #length: number
  readonly #starts: number[] = [0]

  constructor(text: string) {
    this.#length = text.length
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) this.#starts.push(end + 1)
  }

  positionOf(offset: number): { line: number; column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.#starts[middle] ?? Infinity) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 }
  }

  /** The end of the text when it is shorter. */
  offsetOf({ line, column }: { readonly line: number; readonly column: number }): number {
    return Math.min((this.#starts[line - 1] ?? this.#length) + column - 1, this.#length)
  }
}

interface Alignment {
  readonly text: string
  readonly offset: number
  readonly written: string
  readonly start: number
}

/** Walks value and document side by side: white space may have been folded, quotes and backslashes may be escapes. */
function alignedOffset({ text, offset, written, start }: Alignment): number | undefined {
  let at = contentStart(written, start)
  // The indentation of a block is no part of its text, unless the text begins with spaces of its own.
  if (!isSpace(text[0])) at = skipSpace(written, at)
  let next = 0
  while (next < text.length) {
    const character = text[next]
    if (isSpace(character) && isSpace(written[at])) {
      const textEnd = skipSpace(text, next)
      if (offset < textEnd) return at
      next = textEnd
      at = skipSpace(written, at)
      continue
    }
    if (written[at] !== character) at = skipEscape(written, at, character)
    else if (isDoubled(written, at, start)) at++
    if (written[at] !== character) return undefined
    if (next === offset) return at
    next++
    at++
  }
  return at
}

const blockHeader = /[|>][0-9+-]*[ \t]*(?:#[^\n]*)?\r?\n/y

function contentStart(written: string, start: number): number {
  blockHeader.lastIndex = start
  const header = blockHeader.exec(written)
  if (header !== null) return start + header[0].length
  const quote = /^('''|"""|'|")/.exec(written.slice(start, start + 3))?.[0] ?? ''
  // TOML's texts over several lines, whose first line break does not count.
  const content = start + quote.length
  return quote.length === 3 && written[content] === '\n' ? content + 1 : content
}

function skipEscape(written: string, at: number, character: string | undefined): number {
  return written[at] === '\\' && written[at + 1] === character ? at + 1 : at
}

/** YAML's `''` inside single quotes, and a backslash that stands for itself inside double ones. */
function isDoubled(written: string, at: number, start: number): boolean {
  const opening = written[start]
  if (opening === "'") return written[at] === "'" && written[at + 1] === "'"
  return opening === '"' && written[at] === '\\' && written[at + 1] === '\\'
}

function skipSpace(text: string, at: number): number {
  let next = at
  while (isSpace(text[next])) next++
  return next
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r'
}
