import type { ConfigNode } from './node.ts'
import type { Problem } from './problem.ts'
import { readPlainToml } from './plain-toml.ts'
import { readPlainYaml } from './plain-yaml.ts'
import { atOnce, type Steps } from './steps.ts'
import { parseToml } from './toml-document.ts'
import { parseYaml } from './yaml-document.ts'

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
  return atOnce(parseDocumentSteps(document))
}

export function* parseDocumentSteps({ file, text, format }: DocumentText): Steps<ParsedDocument> {
  const withoutMark = text.startsWith('\uFEFF') ? text.slice(1) : text
  const node = yield* (format === 'toml' ? readPlainToml : readPlainYaml)(file, withoutMark)
  if (node !== undefined) return { node, problems: [] }
  // JSON is a subset of YAML 1.2, so that JSON gets positions and duplicate-key checks from the same place.
  return format === 'toml' ? parseToml(file, withoutMark) : parseYaml(file, withoutMark)
}
