import { expect } from 'bun:test'
import { type Decoder, invalid, Place } from '../../src/config/decoder.ts'
import { type DocumentFormat, parseDocument } from '../../src/config/document.ts'
import { formatProblem, ProblemCollector } from '../../src/config/problem.ts'

export interface DecodedText<T> {
  /** Undefined when decoding said `invalid`. */
  readonly value: T | undefined
  /** As a user sees them. */
  readonly problems: readonly string[]
}

/** Decodes a document named `file`. */
export function decodeText<T>(decoder: Decoder<T>, text: string, format: DocumentFormat = 'yaml'): DecodedText<T> {
  const document = parseDocument({ file: 'file', text, format })
  expect(document.problems.map(formatProblem)).toEqual([])
  if (document.node === undefined) throw new Error('a document without problems has a node')
  const problems = new ProblemCollector()
  const value = decoder.decode(document.node, new Place(problems))
  return { value: value === invalid ? undefined : value, problems: problems.sorted().map(formatProblem) }
}
