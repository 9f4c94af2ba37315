import { describe, expect, test } from 'bun:test'
import { md5Crypt, type Md5CryptMagic } from '../../src/middleware/md5-crypt.ts'
import { runProgram } from '../support/process.ts'

/** What openssl makes of the same. */
async function openssl(password: string, salt: string, magic: Md5CryptMagic): Promise<string> {
  const { stdout } = await runProgram(['openssl', 'passwd', magic === '$1$' ? '-1' : '-apr1', '-salt', salt, password])
  return stdout.trim()
}

describe('md5Crypt', () => {
  test.each<[string, string, Md5CryptMagic]>([
    ['secret', 'abcdefgh', '$apr1$'],
    ['secret', 'abc', '$1$'],
    ['a', 'x', '$apr1$'],
    ['sixteen bytes ok', '........', '$1$'],
    ['more than sixteen bytes of password', 'saltsalt', '$apr1$'],
    ['pässwörd', 'abcdefgh', '$apr1$'],
  ])('makes of "%s" and the salt "%s" with %s what openssl does', async (password, salt, magic) => {
    const crypted = md5Crypt(Buffer.from(password), salt, magic)
    expect(`${magic}${salt}$${crypted}`).toBe(await openssl(password, salt, magic))
  })

  test('takes an empty password', () => {
    expect(md5Crypt(new Uint8Array(), 'abcdefgh', '$1$')).toHaveLength(22)
  })

  test('takes no more than eight bytes of salt', () => {
    const password = Buffer.from('secret')
    expect(md5Crypt(password, 'abcdefghij', '$1$')).toBe(md5Crypt(password, 'abcdefgh', '$1$'))
  })
})
