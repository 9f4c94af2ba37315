import { describe, expect, test } from 'bun:test'
import { md5Crypt } from '../../src/middleware/md5-crypt.ts'
import { isSame, passwordCheck } from '../../src/middleware/password-hash.ts'

const bcrypt = await Bun.password.hash('secret', { algorithm: 'bcrypt', cost: 4 })
/** Made by crypt(3) of 80 times `x`, of which bcrypt takes 72. */
const bcryptOfLong = '$2b$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q'

async function fits(password: string, hash: string): Promise<boolean | undefined> {
  return passwordCheck(hash)?.(Buffer.from(password))
}

describe('passwordCheck', () => {
  test.each([
    ['apr1', '$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/'],
    ['MD5 crypt', '$1$abc$iCQ2D3nhptRYi27fDYv2s1'],
    ['SHA-1', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='],
    ...['$2a$', '$2b$', '$2x$', '$2y$'].map((version) => [version, bcrypt.replace('$2b$', version)] as const),
  ])('tells the right password from a wrong one: %s', async (_, hash) => {
    expect(await fits('secret', hash)).toBe(true)
    expect(await fits('secreT', hash)).toBe(false)
    expect(await fits('', hash)).toBe(false)
  })

  test.each([
    [71, false],
    [72, true],
    [73, true],
    [80, true],
  ])('takes 72 bytes of a password for bcrypt, as others do: %d bytes fit: %p', async (length, expected) => {
    expect(await fits('x'.repeat(length), bcryptOfLong)).toBe(expected)
  })

  test.each([
    'secret',
    '',
    '{SHA}',
    '{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    '$2b$99$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q',
    '$2b$05$short',
    '$5$abc$iCQ2D3nhptRYi27fDYv2s1',
    '$apr1$abcdefgh$short',
  ])('does not know "%s"', (hash) => {
    expect(passwordCheck(hash)).toBeUndefined()
  })

  test('lets the event loop go on while bcrypt works', async () => {
    const costly = await Bun.password.hash('secret', { algorithm: 'bcrypt', cost: 10 })
    let turns = 0
    const ticking = setInterval(() => (turns += 1), 1)
    const result = await fits('secret', costly)
    clearInterval(ticking)
    expect(result).toBe(true)
    expect(turns).toBeGreaterThan(3)
  })

  test('spends nothing on a bcrypt hash for which nobody waits any more', async () => {
    const forever = '$2b$31$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q'
    const logIns = Array.from({ length: 100 }, () => passwordCheck(forever)!(Buffer.from('x'), () => false))
    expect(new Set(await Promise.all(logIns))).toEqual(new Set([false]))
  })

  test.each([
    [512, true],
    [513, false],
  ])('takes passwords of up to 512 bytes for MD5 crypt: %d bytes fit: %p', async (length, expected) => {
    const hash = `$1$abcdefgh$${md5Crypt(Buffer.from('x'.repeat(length)), 'abcdefgh', '$1$')}`
    expect(await fits('x'.repeat(length), hash)).toBe(expected)
  })
})

describe('isSame', () => {
  test.each([
    ['a', 'a', true],
    ['', '', true],
    ['a', 'b', false],
    ['a', 'aa', false],
    ['é', 'e', false],
  ])('"%s" and "%s": %p', (left, right, expected) => {
    expect(isSame(left, right)).toBe(expected)
  })
})
