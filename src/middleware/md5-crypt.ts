/** What is mixed in before the salt: Apache's htpasswd has a word of its own, else the algorithm is crypt(3)'s `$1$`. */
export type Md5CryptMagic = '$1$' | '$apr1$'

const rounds = 1000
const mostSaltBytes = 8
const itoa64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Which bytes of the digest go, three at a time, into four characters. */
const triples = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const

/** The 22 characters that Poul-Henning Kamp's MD5 crypt makes of a password. About 0.3 ms. */
export function md5Crypt(password: Uint8Array, salt: string, magic: Md5CryptMagic): string {
  const saltBytes = Buffer.from(salt, 'latin1').subarray(0, mostSaltBytes)
  const inner = md5(password, saltBytes, password)
  const parts: Uint8Array[] = [password, Buffer.from(magic, 'latin1'), saltBytes]
  for (let left = password.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(16, left)))
  // The original reads a zeroed buffer for set bits: odd, but so it stays.
  for (let bits = password.length; bits > 0; bits >>>= 1) {
    parts.push((bits & 1) === 1 ? Uint8Array.of(0) : password.subarray(0, 1))
  }
  let digest = md5(...parts)
  for (let round = 0; round < rounds; round++) {
    const mixed: Uint8Array[] = [round % 2 === 1 ? password : digest]
    if (round % 3 !== 0) mixed.push(saltBytes)
    if (round % 7 !== 0) mixed.push(password)
    mixed.push(round % 2 === 1 ? digest : password)
    digest = md5(...mixed)
  }
  return encode(digest)
}

function md5(...parts: Uint8Array[]): Uint8Array {
  const digest = new Uint8Array(16)
  Bun.MD5.hash(Buffer.concat(parts), digest)
  return digest
}

function encode(digest: Uint8Array): string {
  let text = ''
  for (const [high, middle, low] of triples) {
    text += characters((digest[high]! << 16) | (digest[middle]! << 8) | digest[low]!, 4)
  }
  return text + characters(digest[11]!, 2)
}

/** Six bits each, lowest first. */
function characters(value: number, count: number): string {
  let text = ''
  for (let at = 0; at < count; at++) text += itoa64[(value >>> (6 * at)) & 0x3f]
  return text
}
