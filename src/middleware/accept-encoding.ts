export const codings = ['gzip', 'br', 'zstd'] as const
export type Coding = (typeof codings)[number]

export interface CodingOptions {
  /** The preferred first. */
  readonly encodings: readonly Coding[]
  /** For requests without Accept-Encoding and for `*`. */
  readonly defaultEncoding: Coding | undefined
}

/**
 * What the answer to a request is to be encoded in, by Traefik's rules. `plain`: not at all, though another request
 * would have got it encoded, so the answer varies. Undefined: the middleware has no part in it.
 */
export type CodingChoice = Coding | 'plain' | undefined

/** Browsers send a handful of short values, so nearly every choice has been made before; bounded, as clients may invent. */
const mostRemembered = 100
const longestRemembered = 200

/** `chooseCoding` with its choices remembered. */
export function codingChooser(options: CodingOptions): (accepted: string | undefined) => CodingChoice {
  const remembered = new Map<string | undefined, CodingChoice>()
  return (accepted) => {
    const known = remembered.get(accepted)
    if (known !== undefined) return known
    const choice = chooseCoding(accepted, options)
    const isShort = accepted === undefined || accepted.length <= longestRemembered
    if (isShort && remembered.size < mostRemembered) remembered.set(accepted, choice)
    return choice
  }
}

/** `accepted` is the whole Accept-Encoding field, undefined when there is none. */
export function chooseCoding(accepted: string | undefined, options: CodingOptions): CodingChoice {
  if (accepted === undefined) return withoutGuess(options.defaultEncoding)
  const weights = parseWeights(accepted)
  const ranked = [...weights].filter(([name, weight]) => weight > 0 && rank(name, options) !== undefined)
  ranked.sort(([left, a], [right, b]) => b - a || rank(left, options)! - rank(right, options)!)
  const first = ranked[0]?.[0]
  if (first === undefined || first === 'identity') return undefined
  if (first !== '*') return first as Coding
  const guess = options.defaultEncoding ?? options.encodings[0]!
  // Traefik would send `br` to a client that says `br;q=0, *`, which can't read it.
  return weights.get(guess) === 0 ? 'plain' : withoutGuess(guess)
}

/** Traefik's gzip writer looks for the word `gzip` once more, and leaves answers to `*` and to no field as they are. */
function withoutGuess(coding: Coding | undefined): CodingChoice {
  return coding === 'gzip' ? 'plain' : coding
}

/** At equal weight `*` comes first, then the codings as configured, `identity` last. */
function rank(name: string, { encodings }: CodingOptions): number | undefined {
  if (name === '*') return -1
  if (name === 'identity') return encodings.length
  const at = encodings.indexOf(name as Coding)
  return at < 0 ? undefined : at
}

/** Codings in lower case with their weights (RFC 9110 §12.4.2); one that is no number counts as 0, as in Traefik. */
function parseWeights(accepted: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const item of accepted.toLowerCase().split(',')) {
    const [name = '', parameter = ''] = item.split(';', 2).map((part) => part.replaceAll(/\s/g, ''))
    if (name === '' || weights.has(name)) continue
    const weight = parameter.startsWith('q=') ? Number(parameter.slice(2)) : 1
    weights.set(name, weight > 0 ? weight : 0)
  }
  return weights
}
