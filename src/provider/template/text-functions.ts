import { atLeast, exactly, type FunctionTable, type TemplateFunction } from './function.ts'
import { formatText } from './format.ts'
import { expectCount, expectList, expectText, TemplateFault, toText, type Value } from './value.ts'

const maximumTextLength = 1024 * 1024

function onText(change: (text: string) => Value): TemplateFunction {
  return exactly(1, ([text]) => change(expectText(text)))
}

function onTwoTexts(join: (first: string, second: string) => Value): TemplateFunction {
  return exactly(2, ([first, second]) => join(expectText(first), expectText(second)))
}

/** The parameter comes first and the text last, so that the text can come through a pipe. */
function onCountAndText(change: (count: number, text: string) => Value): TemplateFunction {
  return exactly(2, ([count, text]) => change(expectCount(count), expectText(text)))
}

export const textFunctions: FunctionTable = {
  print: atLeast(0, printed),
  println: atLeast(0, (values) => `${values.map((value) => toText(value)).join(' ')}\n`),
  printf: atLeast(1, ([format, ...values]) => formatText(expectText(format), values)),
  toString: exactly(1, ([value]) => toText(value)),
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  title: onText((text) => text.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toUpperCase())),
  untitle: onText((text) => text.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toLowerCase())),
  trim: onText((text) => text.trim()),
  trimAll: onTwoTexts((characters, text) => trimEnd(characters, trimStart(characters, text))),
  trimall: onTwoTexts((characters, text) => trimEnd(characters, trimStart(characters, text))),
  trimPrefix: onTwoTexts((prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  trimSuffix: onTwoTexts(trimSuffix),
  nospace: onText((text) => text.replace(/\s/gu, '')),
  replace: exactly(3, ([old, replacement, text]) =>
    expectText(text).replaceAll(expectText(old), () => expectText(replacement)),
  ),
  contains: onTwoTexts((part, text) => text.includes(part)),
  hasPrefix: onTwoTexts((prefix, text) => text.startsWith(prefix)),
  hasSuffix: onTwoTexts((suffix, text) => text.endsWith(suffix)),
  repeat: onCountAndText(repeat),
  trunc: onCountAndText((count, text) => (count < 0 ? [...text].slice(count) : [...text].slice(0, count)).join('')),
  substr: exactly(3, ([start, end, text]) => substring(expectCount(start), expectCount(end), expectText(text))),
  indent: onCountAndText(indent),
  nindent: onCountAndText((count, text) => `\n${indent(count, text)}`),
  quote: atLeast(0, (values) => joinQuoted(values, (text) => JSON.stringify(text))),
  squote: atLeast(0, (values) => joinQuoted(values, (text) => `'${text}'`)),
  cat: atLeast(0, (values) =>
    values
      .filter((value) => value !== undefined)
      .map((value) => toText(value))
      .join(' '),
  ),
  // Traefik's `split` is Go's strings.Split (the text first, a list comes out), not Sprig's.
  split: onTwoTexts((text, separator) => splitText(text, separator)),
  splitList: onTwoTexts((separator, text) => splitText(text, separator)),
  join: exactly(2, ([separator, values]) => textsOf(values).join(expectText(separator))),
  normalize: onText((text) =>
    text
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== '')
      .join('-'),
  ),
}

function trimStart(characters: string, text: string): string {
  let from = 0
  while (from < text.length && characters.includes(text.charAt(from))) from++
  return text.slice(from)
}

function trimEnd(characters: string, text: string): string {
  let to = text.length
  while (to > 0 && characters.includes(text.charAt(to - 1))) to--
  return text.slice(0, to)
}

function trimSuffix(suffix: string, text: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text
}

function splitText(text: string, separator: string): string[] {
  return separator === '' ? [...text] : text.split(separator)
}

function repeat(count: number, text: string): string {
  if (count < 0) throw new TemplateFault('a negative count')
  if (count * text.length > maximumTextLength) throw new TemplateFault('the result is too long')
  return text.repeat(count)
}

/** Sprig: a negative start means the beginning, a negative or too large end the end. */
function substring(start: number, end: number, text: string): string {
  const characters = [...text]
  return characters.slice(Math.max(0, start), end < 0 ? characters.length : end).join('')
}

function indent(count: number, text: string): string {
  const spaces = repeat(count, ' ')
  return spaces + text.replaceAll('\n', `\n${spaces}`)
}

function joinQuoted(values: readonly Value[], quote: (text: string) => string): string {
  return values
    .filter((value) => value !== undefined)
    .map((value) => quote(toText(value)))
    .join(' ')
}

function textsOf(values: Value): string[] {
  if (typeof values === 'string') return [values]
  return expectList(values).map((value) => toText(value))
}

/** Go's Sprint: a space between two operands when neither is text. */
function printed(values: readonly Value[]): string {
  let text = ''
  for (const [index, value] of values.entries()) {
    const isSpaced = index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string'
    text += (isSpaced ? ' ' : '') + toText(value)
  }
  return text
}
