import { parseIpRange } from './ip-range.ts'

/**
 * Tells whether an address lies in any of the ranges. The last answer is remembered: requests of one connection come
 * in a row. Throws for a text that is no range; configuration has checked them by then.
 */
export function ipRangeList(texts: readonly string[]): (address: string) => boolean {
  if (texts.length === 0) return () => false
  const ranges = texts.map((text) => {
    const range = parseIpRange(text)
    if (range === undefined) throw new Error(`not an IP address or range: ${text}`)
    return range
  })
  let lastAddress: string | undefined
  let lastAnswer = false
  return (address) => {
    if (address !== lastAddress) {
      lastAddress = address
      lastAnswer = ranges.some((range) => range.contains(address))
    }
    return lastAnswer
  }
}
