import { describe, expect, test } from 'bun:test'
import { serverAddress } from '../../src/http/server-address.ts'

describe('serverAddress', () => {
  test.each([
    ['http://a.test', 'a.test', 80, 'a.test', 'http://a.test'],
    ['https://a.test/path?q', 'a.test', 443, 'a.test', 'https://a.test'],
    ['http://a.test:8080', 'a.test', 8080, 'a.test:8080', 'http://a.test:8080'],
    ['https://[::1]:8443', '::1', 8443, '[::1]:8443', 'https://[::1]:8443'],
    ['http://user:secret@a.test', 'a.test', 80, 'a.test', 'http://a.test'],
  ])('takes %s apart', (url, host, port, authority, origin) => {
    const scheme = url.startsWith('https') ? 'https' : 'http'
    expect(serverAddress(scheme, new URL(url))).toEqual({ scheme, host, port, authority, origin })
  })
})
