import { describe, expect, test } from 'bun:test'
import { goPattern } from '../../../src/config/pattern.ts'
import { chosenCookies, fieldChoice, grantedHeaders, withCookies } from '../../../src/middleware/forward-auth/grant.ts'
import { makeResponse } from '../../support/request.ts'

function granted(names: readonly string[], regex: string | undefined, client: string[], answer: string[]) {
  const parsing = regex === undefined ? undefined : goPattern(regex)
  const pattern = parsing?.ok === true ? parsing.pattern : undefined
  return grantedHeaders(client, answer, fieldChoice(names, pattern))
}

describe('a grant', () => {
  test.each<[string, readonly string[], string | undefined, string[], string[], string[]]>([
    ['tells nothing unasked', [], undefined, ['A', '1'], ['B', '2'], ['A', '1']],
    ['tells what is chosen', ['x-user'], undefined, ['A', '1'], ['X-User', 'ada'], ['A', '1', 'X-User', 'ada']],
    ['replaces what the client said', ['X-User'], undefined, ['x-user', 'root'], ['x-user', 'ada'], ['X-User', 'ada']],
    ['takes away what only the client says', ['X-User'], undefined, ['X-USER', 'root', 'A', '1'], [], ['A', '1']],
    [
      'keeps every line of a field',
      ['X-Group'],
      undefined,
      [],
      ['X-Group', 'a', 'X-Group', 'b'],
      ['X-Group', 'a', 'X-Group', 'b'],
    ],
    [
      'goes by a pattern, too',
      [],
      '^X-Auth-',
      ['x-auth-user', 'root', 'X-Other', '1'],
      ['x-auth-id', '7'],
      ['X-Other', '1', 'X-Auth-Id', '7'],
    ],
    ['goes by a pattern that is not anchored', [], 'uth', ['X-Auth', 'root'], [], []],
    [
      'goes by names and a pattern',
      ['X-User'],
      '^X-Auth-',
      ['X-User', 'r', 'X-Auth-A', 'r'],
      ['X-User', 'ada'],
      ['X-User', 'ada'],
    ],
  ])('%s', (_, names, regex, client, answer, expected) => {
    expect(granted(names, regex, client, answer)).toEqual(expected)
  })

  test.each<[string, string[], string[], string[]]>([
    ['adds a chosen one', ['s=1; Path=/'], ['other=2'], ['other=2', 's=1; Path=/']],
    ['leaves out one that is not chosen', ['x=1'], ['other=2'], ['other=2']],
    ['replaces the server’s of its name', ['s=1'], ['s=old; Secure', 'other=2', 's=older'], ['other=2', 's=1']],
    ['leaves the server’s when the auth server sets none', [], ['s=old'], ['s=old']],
  ])('with cookies %s', (_, answered, served, expected) => {
    const fields = answered.flatMap((cookie) => ['set-cookie', cookie])
    const answer = { status: 200, headers: fields, body: new Uint8Array(), announcedLength: undefined }
    const response = makeResponse({ headers: served.flatMap((cookie) => ['Set-Cookie', cookie]) })
    const { headers } = withCookies(response, chosenCookies(answer, new Set(['s'])))
    expect(headers).toEqual(expected.flatMap((cookie) => ['Set-Cookie', cookie]))
  })
})
