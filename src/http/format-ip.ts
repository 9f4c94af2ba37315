import type { IpAddress } from './ip-range.ts'

/** RFC 5952 text. A mapped address (`::ffff:192.0.2.1`) is written as the IPv4 address that it is, as Go does. */
export function formatIp({ family, words }: IpAddress): string {
  if (family === 4) return ipBytes({ family, words }).subarray(12).join('.')
  const groups = words.flatMap((word) => [(word >>> 16).toString(16), (word & 0xffff).toString(16)])
  return withLongestGap(groups)
}

/** Sixteen bytes; an IPv4 address in its mapped form. */
export function ipBytes({ words }: IpAddress): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (const [at, word] of words.entries()) view.setUint32(at * 4, word)
  return bytes
}

/** `::` for the longest run of at least two zero groups, the first of equals (RFC 5952 §4.2). */
function withLongestGap(groups: readonly string[]): string {
  const runs = [...groups.join(':').matchAll(/(?<![^:])0(?::0)+(?![^:])/g)]
  const [longest] = runs.toSorted((a, b) => b[0].length - a[0].length)
  const text = groups.join(':')
  if (longest === undefined) return text
  const head = text.slice(0, longest.index).replace(/:$/, '')
  const tail = text.slice(longest.index + longest[0].length).replace(/^:/, '')
  return `${head}::${tail}`
}
