// Every query matcher of a look-up asks for the same query: a pure function's last answer is worth keeping.
let lastQuery = ''
let lastPairs: readonly string[] = []

/** Key, value, key, value … of a query, decoded once per look-up, by the rules of Go's `url.ParseQuery`. */
export function queryPairs(query: string): readonly string[] {
  if (query === lastQuery) return lastPairs
  lastPairs = parseQuery(query)
  lastQuery = query
  return lastPairs
}

/** A pair with a broken escape is dropped. `;` separates, as in Traefik, which reads it as `&`. */
function parseQuery(query: string): readonly string[] {
  const pairs: string[] = []
  for (const pair of query.split(/[&;]/)) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const key = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1))
    if (key !== undefined && value !== undefined) pairs.push(key, value)
  }
  return pairs
}

function decode(text: string): string | undefined {
  // The text has one char per byte, and may hold UTF-8 that nobody escaped.
  if (!/[%+\x80-\xff]/.test(text)) return text
  if (/%(?![\da-fA-F]{2})/.test(text)) return undefined
  const bytes = text.replaceAll('+', ' ').replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
