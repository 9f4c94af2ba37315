import { timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Gate } from './gate.ts'
import { md5Crypt, type Md5CryptMagic } from './md5-crypt.ts'

/**
 * Whether a password is the one that was hashed. A check that must wait for its turn asks `isWanted` when it has come:
 * false saves the work, and nobody gets to see the result.
 */
export type PasswordCheck = (password: Uint8Array, isWanted?: () => boolean) => boolean | Promise<boolean>

const bcryptForm = /^\$2[abxy]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/
const md5CryptForm = /^(\$1\$|\$apr1\$)([^$]*)\$([./A-Za-z0-9]{22})$/
const sha1Form = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/

/** The kinds that htpasswd writes (bcrypt, MD5, SHA-1); undefined for any other text, plain passwords among them. */
export function passwordCheck(hash: string): PasswordCheck | undefined {
  if (bcryptForm.test(hash)) return (password, isWanted) => bcryptMatches(password, hash, isWanted)
  const md5 = md5CryptForm.exec(hash)
  if (md5 !== null) {
    const [, magic, salt = '', wanted = ''] = md5
    return (password) => {
      const isRight = isSame(md5Crypt(password.subarray(0, longestForMd5), salt, magic as Md5CryptMagic), wanted)
      return isRight && password.length <= longestForMd5
    }
  }
  const wanted = sha1Form.exec(hash)?.[1]
  if (wanted === undefined) return undefined
  return (password) => isSame(new Bun.CryptoHasher('sha1').update(password).digest('base64'), wanted)
}

/**
 * MD5 crypt digests the whole password a thousand times over, on the event loop: one that fills a request's head would
 * keep all others waiting for seconds. htpasswd and openssl take no more than 256 bytes.
 */
const longestForMd5 = 512

/** All that bcrypt takes of a password. */
const bcryptBytes = 72

/**
 * One core is left to the event loop: on the platform's thread pool alone, a burst of logins would keep name look-ups
 * and file reads waiting behind it.
 */
const bcryptGate = new Gate(Math.max(1, availableParallelism() - 1))

async function bcryptMatches(password: Uint8Array, hash: string, isWanted = () => true): Promise<boolean> {
  // Bun digests a longer password first, which no other bcrypt does.
  const significant = password.subarray(0, bcryptBytes)
  return bcryptGate.run(async () => isWanted() && Bun.password.verify(significant, hash, 'bcrypt'))
}

/** In a time that does not tell where the first difference is. */
export function isSame(left: string, right: string): boolean {
  const [leftBytes, rightBytes] = [Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8')]
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes)
}
