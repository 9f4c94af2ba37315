/** A replacement in Go's `Regexp.Expand` syntax, parsed once. */
export interface Template {
  readonly source: string
  expand(groups: readonly (string | undefined)[]): string
}

/** `$name` takes the longest name there is, so `$1x` is the group `1x`; `${1}x` is group 1 and an x. */
const reference = /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu

/** Unknown groups are empty, and a `$` that begins no reference stays, as in Go. */
export function compileTemplate(source: string, groups: Readonly<Record<string, number>>): Template {
  const parts: (string | number)[] = []
  let end = 0
  for (const match of source.matchAll(reference)) {
    parts.push(source.slice(end, match.index), match[1] ?? groupNumber(match[2] ?? match[3] ?? '', groups))
    end = match.index + match[0].length
  }
  parts.push(source.slice(end))
  return {
    source,
    expand: (values) => {
      let text = ''
      for (const part of parts) text += typeof part === 'string' ? part : (values[part] ?? '')
      return text
    },
  }
}

/** Beyond the last group, hence empty, for a name that there is not. */
function groupNumber(name: string, groups: Readonly<Record<string, number>>): number {
  // `01` is a name to Go, not a number.
  if (/^(?:0|[1-9]\d{0,7})$/.test(name)) return Number(name)
  return Object.hasOwn(groups, name) ? (groups[name] ?? Infinity) : Infinity
}
