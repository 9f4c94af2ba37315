import { parseComplete } from './complete-document.ts'
import type { ConfigNode } from './node.ts'
import { parseApart } from './parse-apart.ts'
import { readPlainToml } from './plain-toml.ts'
import { readPlainYaml } from './plain-yaml.ts'
import type { Problem } from './problem.ts'
import { atOnce, inSlices, type Steps } from './steps.ts'

export type DocumentFormat = 'yaml' | 'toml' | 'json'

export interface DocumentText {
  /** For messages, as the user should see it. */
  readonly file: string
  readonly text: string
  readonly format: DocumentFormat
}

export interface ParsedDocument {
  /**
   * Undefined when the text can't be read at all. With a duplicate key it is there, so that other mistakes can be told
   * in the same go: whoever uses it must look for errors among `problems` as well. An empty document is an empty map.
   */
  readonly node: ConfigNode | undefined
  readonly problems: readonly Problem[]
}

const formats: Readonly<Record<string, DocumentFormat>> = { yaml: 'yaml', yml: 'yaml', toml: 'toml', json: 'json' }

/** By extension, in either case; undefined when it is none that is understood. */
export function documentFormat(file: string): DocumentFormat | undefined {
  const extension = /\.(\w+)$/.exec(file)?.[1]
  return extension === undefined ? undefined : formats[extension.toLowerCase()]
}

/** Text to a tree of nodes, each with its position. Every syntax error is a problem; nothing is thrown. */
export function parseDocument(document: DocumentText): ParsedDocument {
  const unmarked = withoutMark(document)
  const node = atOnce(readPlain(unmarked))
  return node === undefined ? parseComplete(unmarked) : { node, problems: [] }
}

/** For the complete parser, in characters: it takes up to a millisecond for each thousand. */
const largeText = 16 * 1024

/** The same, without keeping requests waiting for as long as a large text takes. */
export async function readDocument(document: DocumentText): Promise<ParsedDocument> {
  const unmarked = withoutMark(document)
  const node = await inSlices(readPlain(unmarked))
  if (node !== undefined) return { node, problems: [] }
  if (unmarked.text.length < largeText) return parseComplete(unmarked)
  try {
    return await parseApart(unmarked)
  } catch {
    // Where no thread may be started, requests wait, which is better than to go on with the old configuration.
    return parseComplete(unmarked)
  }
}

function readPlain({ file, text, format }: DocumentText): Steps<ConfigNode | undefined> {
  return (format === 'toml' ? readPlainToml : readPlainYaml)(file, text)
}

function withoutMark(document: DocumentText): DocumentText {
  const { text } = document
  return text.startsWith('\uFEFF') ? { ...document, text: text.slice(1) } : document
}
