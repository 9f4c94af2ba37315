import { describe, expect, test } from 'bun:test'
import { version } from '../package.json'
import { sluiceVersion, versionText } from '../src/version.ts'

describe('the version', () => {
  test('is that of package.json', () => {
    expect(sluiceVersion).toBe(version)
  })

  test('tells Bun and the platform in one line', () => {
    expect(versionText()).toBe(`sluice ${version}, Bun ${Bun.version}, ${process.platform}/${process.arch}`)
  })
})
