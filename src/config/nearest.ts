/** The candidate that `name` is most likely a misspelling of; undefined when none is near enough to be helpful. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = allowedDistance(wanted) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** `; did you mean "x"?`, or nothing: made to stand inside the brackets of a problem's message. */
export function hint(name: string, candidates: Iterable<string>): string {
  const candidate = nearest(name, candidates)
  return candidate === undefined ? '' : `; did you mean "${candidate}"?`
}

// Three wrong letters in a long word are a typo; in a word of four they make another word.
function allowedDistance(name: string): number {
  return Math.min(3, Math.floor(name.length / 3))
}

/** Damerau–Levenshtein (optimal string alignment): an insertion, deletion, replacement or swap costs 1. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped = isSwap({ a, b, row, column }) ? at(beforeLast, column - 2) + 1 : Infinity
      current.push(Math.min(replaced, swapped, at(last, column) + 1, at(current, column - 1) + 1))
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

function isSwap({ a, b, row, column }: { a: string; b: string; row: number; column: number }): boolean {
  return row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
}

function at(distances: readonly number[], column: number): number {
  return distances[column] ?? Infinity
}
