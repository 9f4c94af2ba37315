import { describe, expect, test } from 'bun:test'
import { encodedPath, encodedQuery, encodedUrl, escapeFault, escapeQuery } from '../../src/http/go-url.ts'

describe('a path', () => {
  test.each([
    ['/a/b', '/a/b'],
    ["/a!'()*[]$&+,;=:@-._~", "/a!'()*[]$&+,;=:@-._~"],
    ['/a%2fb', '/a%2fb'],
    ['/a?b', '/a%3Fb'],
    ['/a%2Fb c', '/a/b%20c'],
    ['/a#b', '/a%23b'],
    ['/\xc3\xa9', '/%C3%A9'],
    ['', ''],
    ['/%zz', undefined],
    ['/%', undefined],
    ['/a%2', undefined],
  ])('%j goes on the wire as %j', (written, path) => {
    expect(encodedPath(written)).toBe(path)
  })

  test.each([
    ['/%zz/x', 'invalid URL escape "%zz"'],
    ['/a%2', 'invalid URL escape "%2"'],
    ['/%41%', 'invalid URL escape "%"'],
  ])('%j is refused with Go’s words: %s', (written, message) => {
    expect(escapeFault(written)).toBe(message)
  })
})

describe('an URL', () => {
  test.each([
    ['https://a.test/x?y=z#f', 'https://a.test/x?y=z#f'],
    ['HTTPS://A.test:443', 'https://A.test:443'],
    ['https://a.test/a b?c', 'https://a.test/a%20b?c'],
    ['https://[::1]:8443/', 'https://[::1]:8443/'],
    ['https://user:pass@a.test/', 'https://user:pass@a.test/'],
    ['/relative/path', '/relative/path'],
    ['//a.test/x', '//a.test/x'],
    ['mailto:a@a.test', 'mailto:a@a.test'],
    ['', ''],
    ['http://192.168.0.%31/', undefined],
    ['http://a.test/%zz', undefined],
    ['http://a.test:port/', undefined],
    ['http://a test/', undefined],
    ['http://[::1/', undefined],
    ['http://a.test/\n', undefined],
    [':x', undefined],
    ['1http://a', undefined],
  ])('%j is told as %j', (written, url) => {
    expect(encodedUrl(written)).toBe(url)
  })
})

describe('a query', () => {
  test('has nothing that would end the request line', () => {
    expect(encodedQuery('a=b c\r\n\xe9&d=%20?')).toBe('a=b%20c%0D%0A%E9&d=%20?')
  })

  test('is escaped as Go’s QueryEscape does it', () => {
    expect(escapeQuery("http://a/b c?d=e&f*~-._!'()\xc3\xa9\x01")).toBe(
      'http%3A%2F%2Fa%2Fb+c%3Fd%3De%26f%2A~-._%21%27%28%29%C3%A9%01',
    )
  })
})
