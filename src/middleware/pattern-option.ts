import { goPattern, type Pattern } from '../config/pattern.ts'
import { parsed, type Decoder } from '../config/schema.ts'

/** A regular expression in Go's syntax, compiled where it is read. */
export function patternIn(text: Decoder<string>): Decoder<Pattern> {
  return parsed(text, (source) => {
    const parsing = goPattern(source)
    if (parsing.ok) return { ok: true, value: parsing.pattern }
    return { ok: false, message: `is not a regular expression that Go understands: ${parsing.message}` }
  })
}
