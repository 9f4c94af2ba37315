const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const parameter = `\\s*;\\s*(${token})\\s*=\\s*(?:${token}|"(?:[^"\\\\\\r\\n]|\\\\[^\\r\\n])*")`
const syntax = new RegExp(`^\\s*(${token}(?:/${token})?)((?:${parameter})*)(?:\\s*;)?\\s*$`)
const everyParameter = new RegExp(parameter, 'g')

/** `text/html` of `Text/HTML; charset=utf-8`; undefined for what Go's `mime.ParseMediaType` refuses. */
export function parseMediaType(value: string): string | undefined {
  const match = syntax.exec(value)
  if (match === null) return undefined
  const names = [...match[2]!.matchAll(everyParameter)].map(([, name]) => name!.toLowerCase())
  return new Set(names).size === names.length ? match[1]!.toLowerCase() : undefined
}
