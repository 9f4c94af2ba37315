const lineFeed = 10

/** Cuts text into pieces of whole lines, none longer than `maxBytes` unless a single line is. */
export function* wholeLines(text: Uint8Array, maxBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < text.length;) {
    const end = at + maxBytes >= text.length ? text.length : endOfLines(text, at, maxBytes)
    yield text.subarray(at, end)
    at = end
  }
}

function endOfLines(text: Uint8Array, at: number, maxBytes: number): number {
  const last = text.lastIndexOf(lineFeed, at + maxBytes - 1)
  if (last >= at) return last + 1
  const next = text.indexOf(lineFeed, at + maxBytes)
  return next < 0 ? text.length : next + 1
}
