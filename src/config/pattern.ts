import { RE2JS, RE2JSSyntaxException } from 're2js'
import { linearRegExp } from './linear-regexp.ts'
import { compileTemplate, type Template } from './pattern-template.ts'

/** A regular expression in Go's syntax and with Go's results, in time linear in the text. */
export interface Pattern {
  readonly source: string
  /** Unanchored: true when any part of the text matches. */
  matches(text: string): boolean
  /** Every match replaced by the template: `$1`, `$name`, `${name}` and `$$` as in Go's `Regexp.Expand`. */
  replaceAll(text: string, template: string): string
  /** The leftmost match, in UTF-16 units. */
  find(text: string): { readonly start: number; readonly end: number } | undefined
}

export type PatternParsing =
  | { readonly ok: true; readonly pattern: Pattern }
  /** `offset`, in UTF-16 units of the source, is where the fault begins. */
  | { readonly ok: false; readonly message: string; readonly offset: number }

/** Accepts what Go's `regexp.Compile` accepts: no look-around and no back-references. */
export function goPattern(source: string): PatternParsing {
  const compiled = compileRe2(source)
  if (!(compiled instanceof RE2JS)) return { ok: false, ...compiled }
  return { ok: true, pattern: patternOf(source, compiled) }
}

/** The groups of a match with its index, in the shape of `RegExp.exec`. */
type Match = readonly (string | undefined)[] & { readonly index?: number }

interface Engine {
  test(text: string): boolean
  all(text: string): Iterable<Match>
}

function patternOf(source: string, compiled: RE2JS): Pattern {
  const engine = nativeEngine(source) ?? re2Engine(compiled)
  const groups = compiled.namedGroups()
  let template: Template | undefined
  return {
    source,
    matches: (text) => engine.test(text),
    find: (text) => {
      for (const match of engine.all(text)) return { start: startOf(match), end: endOf(match) }
      return undefined
    },
    replaceAll: (text, replacement) => {
      // A middleware asks for the same template every time.
      if (template?.source !== replacement) template = compileTemplate(replacement, groups)
      return replaceMatches(text, engine.all(text), template)
    },
  }
}

/** The runtime's own engine is ten times faster and more, and safe where backtracking is provably bounded. */
function nativeEngine(source: string): Engine | undefined {
  const regExp = linearRegExp(source)
  if (regExp === undefined) return undefined
  const global = new RegExp(regExp.source, 'gu')
  return { test: (text) => regExp.test(text), all: (text) => text.matchAll(global) }
}

function re2Engine(compiled: RE2JS): Engine {
  return { test: (text) => compiled.test(text), all: (text) => compiled.matchAll(text) }
}

function replaceMatches(text: string, matches: Iterable<Match>, template: Template): string {
  let replaced = ''
  let lastEnd = -1
  for (const match of matches) {
    // Go drops an empty match right behind a match: `a*` in `baac` gives `-b-c-`, where JavaScript gives `-b--c-`.
    if (match[0] === '' && startOf(match) === lastEnd) continue
    replaced += text.slice(Math.max(lastEnd, 0), startOf(match)) + template.expand(match)
    lastEnd = endOf(match)
  }
  return lastEnd < 0 ? text : replaced + text.slice(lastEnd)
}

function startOf(match: Match): number {
  return match.index ?? 0
}

function endOf(match: Match): number {
  return startOf(match) + (match[0]?.length ?? 0)
}

function compileRe2(source: string): RE2JS | { message: string; offset: number } {
  try {
    return RE2JS.compile(source)
  } catch (thrown) {
    if (!(thrown instanceof RE2JSSyntaxException)) {
      return { message: thrown instanceof Error ? thrown.message : String(thrown), offset: 0 }
    }
    const fragment = thrown.getPattern() ?? ''
    const message = thrown.getDescription()
    const quoted = fragment === '' || fragment === source ? message : `${message}: ${fragment}`
    return { message: quoted, offset: faultOffset(source, fragment, message) }
  }
}

/** re2 quotes the faulty part but does not tell where it stands. */
function faultOffset(source: string, fragment: string, message: string): number {
  if (fragment === '') return Math.max(0, source.length - 1)
  if (message.endsWith(')') && fragment === source) return strayParenthesis(source)
  let at = source.indexOf(fragment)
  // The parser reads from left to right: of several places, the first whose prefix fails in the same way is meant.
  while (
    at >= 0 &&
    source.indexOf(fragment, at + 1) >= 0 &&
    !failsIn(source.slice(0, at + fragment.length), fragment)
  ) {
    at = source.indexOf(fragment, at + 1)
  }
  return Math.max(0, at)
}

function failsIn(prefix: string, fragment: string): boolean {
  try {
    RE2JS.compile(prefix)
    return false
  } catch (thrown) {
    return thrown instanceof RE2JSSyntaxException && thrown.getPattern() === fragment
  }
}

// Escapes, quotations and classes hold no groups.
const groupSign = /\\Q[^]*?(?:\\E|$)|\\[^]|\[\^?\]?(?:\[:\^?\w*:\]|\\[^]|[^\]])*\]|[()]/g

/** Of the first `)` without a `(`, else of the last `(` without a `)`. */
function strayParenthesis(source: string): number {
  const open: number[] = []
  for (const { 0: sign, index } of source.matchAll(groupSign)) {
    if (sign === '(') open.push(index)
    if (sign === ')' && open.pop() === undefined) return index
  }
  return open.at(-1) ?? 0
}
