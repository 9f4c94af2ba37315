import { isIP } from 'node:net'
import type { Decoder, Parsed, Unparsable } from './decoder.ts'
import { scalar } from './scalar.ts'

/** Where an entry point listens. */
export interface ListenAddress {
  /** Empty for all interfaces; an IPv6 address stands without its brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** `[host]:port[/tcp]` (Traefik §1.4). */
export const listenAddress: Decoder<ListenAddress> = scalar(
  '[host]:port, such as ":80", "127.0.0.1:8080" or "[::1]:80/tcp"',
  parseListenAddress,
)

export function parseListenAddress(text: string): Parsed<ListenAddress> {
  const [hostAndPort = '', protocol = 'tcp', ...more] = text.split('/')
  if (more.length > 0) return notAnAddress(text)
  if (protocol.toLowerCase() === 'udp') return { ok: false, message: 'UDP entry points are not supported yet' }
  if (protocol.toLowerCase() !== 'tcp') return { ok: false, message: `unknown protocol ${JSON.stringify(protocol)}` }
  if (/^\d+$/.test(hostAndPort)) return { ...notAnAddress(text), meant: `:${text}` }
  const parts = /^(?:\[([^[\]]+)\]|([^:[\]]*)):(\d+)$/.exec(hostAndPort)
  if (parts === null) return notAnAddress(text)
  const [, bracketed, plain = '', digits = ''] = parts
  if (bracketed !== undefined && isIP(bracketed.replace(/%.*$/, '')) !== 6) return notAnAddress(text)
  if (/[\s/]/.test(plain)) return notAnAddress(text)
  const port = Number(digits)
  if (port > 65_535) return { ok: false, message: `port ${digits} is out of range` }
  return { ok: true, value: { host: bracketed ?? plain, port } }
}

/** An address or a network in CIDR notation, as text that is known to be one: `10.0.0.0/8`, `::1`. */
export const ipRange: Decoder<string> = scalar(
  'an IP address or a CIDR range, such as "192.168.0.0/16"',
  (text): Parsed<string> => {
    const [address = '', bits, ...more] = text.split('/')
    const version = isIP(address)
    const hasBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
    if (version !== 0 && !address.includes('%') && hasBits && more.length === 0) return { ok: true, value: text }
    return { ok: false, message: `is not an IP address or range: ${JSON.stringify(text)}` }
  },
)

/** `http://` or `https://` with a host. */
export const httpUrl: Decoder<string> = scalar('a URL that begins with http:// or https://', (text): Parsed<string> => {
  const isUrl = /^https?:\/\//i.test(text) && URL.canParse(text)
  return isUrl ? { ok: true, value: text } : { ok: false, message: `is not an HTTP URL: ${JSON.stringify(text)}` }
})

function notAnAddress(text: string): Unparsable {
  return { ok: false, message: `is not an address: ${JSON.stringify(text)}` }
}
