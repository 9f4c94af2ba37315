/** An address as four 32-bit words, highest first. IPv4, plain or mapped (`::ffff:a.b.c.d`), is family 4 in the last word. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly words: readonly [number, number, number, number]
}

export interface IpRange {
  /** False for what is no address. An IPv6 range, `::/0` among them, never contains an IPv4 address (Go's rule). */
  contains(address: string): boolean
}

/** `10.0.0.0/8`, `2001:db8::/32` or one address; undefined for anything else. Host bits may be set. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const base = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (base === undefined) return undefined
  const bits = slash < 0 ? 128 : prefixBits(text.slice(slash + 1), text.includes(':'))
  return bits === undefined ? undefined : rangeOf(base, bits)
}

/** Strict as Go's `net.ParseIP`: no leading zeros, no zone, no brackets. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const value = parseIpv4(text)
    return value === undefined ? undefined : { family: 4, words: [0, 0, 0xffff, value] }
  }
  const groups = parseIpv6(text)
  if (groups === undefined) return undefined
  const word = (at: number): number => groups[at]! * 0x10000 + groups[at + 1]!
  const words = [word(0), word(2), word(4), word(6)] as const
  return { family: words[0] === 0 && words[1] === 0 && words[2] === 0xffff ? 4 : 6, words }
}

/** Counted from the top of the 128 bits, so an IPv4 prefix is 96 longer than written. */
function prefixBits(text: string, isIpv6: boolean): number | undefined {
  if (!/^\d{1,3}$/.test(text)) return undefined
  const bits = Number(text)
  if (isIpv6) return bits <= 128 ? bits : undefined
  return bits <= 32 ? bits + 96 : undefined
}

function rangeOf(base: IpAddress, bits: number): IpRange {
  const [m0, m1, m2, m3] = [maskWord(bits), maskWord(bits - 32), maskWord(bits - 64), maskWord(bits - 96)]
  const [b0, b1, b2, b3] = base.words
  // `::ffff:0:0/90` cuts into the marker of the mapped addresses, so it is a range of IPv6.
  const family = bits >= 96 ? base.family : 6
  return {
    contains: (text) => {
      const address = lastParsed(text)
      if (address === undefined || address.family !== family) return false
      const [a0, a1, a2, a3] = address.words
      return !(((a0 ^ b0) & m0) | ((a1 ^ b1) & m1) | ((a2 ^ b2) & m2) | ((a3 ^ b3) & m3))
    },
  }
}

/** The address with all but its first `bits` (of 128) cleared. */
export function maskIp({ family, words: [w0, w1, w2, w3] }: IpAddress, bits: number): IpAddress {
  const masked = [w0 & maskWord(bits), w1 & maskWord(bits - 32), w2 & maskWord(bits - 64), w3 & maskWord(bits - 96)]
  return { family, words: [masked[0]! >>> 0, masked[1]! >>> 0, masked[2]! >>> 0, masked[3]! >>> 0] }
}

function maskWord(bits: number): number {
  if (bits >= 32) return 0xffffffff
  return bits <= 0 ? 0 : ~(0xffffffff >>> bits)
}

// One request asks many ranges about the same address: a pure function's last answer is worth keeping.
let lastText = ''
let lastAddress: IpAddress | undefined

function lastParsed(text: string): IpAddress | undefined {
  if (text === lastText) return lastAddress
  lastText = text
  lastAddress = parseIp(text)
  return lastAddress
}

function parseIpv4(text: string): number | undefined {
  const octets = text.split('.')
  if (octets.length !== 4) return undefined
  let value = 0
  for (const octet of octets) {
    // A leading zero is octal to some parsers and decimal to others, which has let addresses past filters.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255) return undefined
    value = value * 256 + Number(octet)
  }
  return value
}

/** The eight groups of RFC 4291 §2.2, `::` filled in. */
function parseIpv6(text: string): number[] | undefined {
  const gap = text.indexOf('::')
  if (gap < 0) {
    const groups = parseGroups(text, true)
    return groups?.length === 8 ? groups : undefined
  }
  const head = parseGroups(text.slice(0, gap), false)
  const tail = parseGroups(text.slice(gap + 2), true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  return missing < 1 ? undefined : [...head, ...new Array<number>(missing).fill(0), ...tail]
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [at, part] of parts.entries()) {
    if (/^[\da-fA-F]{1,4}$/.test(part)) {
      groups.push(parseInt(part, 16))
      continue
    }
    const value = mayEndInIpv4 && at === parts.length - 1 ? parseIpv4(part) : undefined
    if (value === undefined) return undefined
    groups.push(Math.floor(value / 0x10000), value % 0x10000)
  }
  return groups
}
