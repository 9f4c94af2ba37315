import { describe, expect, test } from 'bun:test'
import { splitAuthority } from '../../src/http/authority.ts'

describe('splitAuthority', () => {
  test.each([
    ['a.test', 'a.test', ''],
    ['a.test:8080', 'a.test', '8080'],
    ['a.test:', 'a.test', ''],
    ['[::1]:80', '[::1]', '80'],
    ['[::1]', '[::1]', ''],
    ['::1', '::1', ''],
    ['', '', ''],
  ])('parts "%s" into "%s" and "%s"', (authority, host, port) => {
    expect(splitAuthority(authority)).toEqual({ host, port })
  })
})
