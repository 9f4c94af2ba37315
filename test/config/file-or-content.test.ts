import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { fileOrContent } from '../../src/config/file-or-content.ts'
import { temporaryFolder } from '../support/temporary.ts'

const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

describe('fileOrContent', () => {
  test('takes PEM text as it is', () => {
    expect(fileOrContent(pem)).toBe(pem)
  })

  test('reads a file', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'ca.pem')
    await Bun.write(file, pem)
    expect(fileOrContent(file)).toBe(pem)
  })

  test('names a file that is not there, and one that is no file', () => {
    expect(() => fileOrContent('/nowhere/ca.pem')).toThrow('no such file, and not PEM text: "/nowhere/ca.pem"')
    expect(() => fileOrContent('/')).toThrow('can\'t read the file (EISDIR): "/"')
  })
})
