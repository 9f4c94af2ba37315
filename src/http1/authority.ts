import { isIPv6 } from 'node:net'

// uri-host of RFC 3986 §3.2.2 without the comma, which is what two merged Host fields look like.
const nameAndPort = /^(?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})+(?::([0-9]{0,5}))?$/
const literalAndPort = /^\[([0-9A-Fa-f:.]+)\](?::([0-9]{0,5}))?$/
const plainName = /^[A-Za-z0-9\-._]+$/

/**
 * True for `host [":" port]` as a Host field or an absolute target may have it: no userinfo, no white space, brackets
 * around an IPv6 address only. An empty port is allowed (RFC 3986), an empty host is not (RFC 9110 §4.2.1).
 */
export function isAuthority(text: string): boolean {
  if (plainName.test(text)) return true
  if (!text.startsWith('[')) {
    const match = nameAndPort.exec(text)
    return match !== null && isPort(match[1])
  }
  const match = literalAndPort.exec(text)
  return match !== null && isIPv6(match[1]!) && isPort(match[2])
}

function isPort(digits: string | undefined): boolean {
  return digits === undefined || Number(digits) <= 65535
}
