import type { DocumentText, ParsedDocument } from './document.ts'
import { parseToml } from './toml-document.ts'
import { parseYaml } from './yaml-document.ts'

/** All of the language, and every mistake; slow, and in one go. The text has no byte order mark. */
export function parseComplete({ file, text, format }: DocumentText): ParsedDocument {
  // JSON is a subset of YAML 1.2, so that JSON gets positions and duplicate-key checks from the same place.
  return format === 'toml' ? parseToml(file, text) : parseYaml(file, text)
}
