import { describe, expect, test } from 'bun:test'
import { encodedCharacters } from '../../src/middleware/encoded-characters.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText } from '../support/request.ts'

const names = {
  allowEncodedSlash: '%2F',
  allowEncodedBackSlash: '%5C',
  allowEncodedNullCharacter: '%00',
  allowEncodedSemicolon: '%3B',
  allowEncodedPercent: '%25',
  allowEncodedQuestionMark: '%3F',
  allowEncodedHash: '%23',
} as const

describe('encodedCharacters', () => {
  test.each(Object.entries(names))('with %s lets %s pass and denies the other six', async (name, allowed) => {
    const middleware = buildMiddleware(encodedCharacters, { [name]: true })
    for (const encoded of Object.values(names)) {
      const { received, response } = await pass(middleware, makeRequest({ path: `/a${encoded.toLowerCase()}b` }))
      expect(received === undefined).toBe(encoded !== allowed)
      expect(response.status).toBe(encoded === allowed ? 200 : 400)
    }
  })

  test('answers with no body and says why in the record', async () => {
    const request = makeRequest({ path: '/a%2Fb' })
    const { response } = await pass(buildMiddleware(encodedCharacters, { allowEncodedSlash: false }), request)
    expect(response.headers).toEqual([])
    expect(await readText(response.body)).toBe('')
    expect(request.exchange.failure?.code).toBe('client.malformed')
  })

  test.each(['/', '/a%20b', '/%E2%82%AC', '/a'])('leaves %s alone', async (path) => {
    const { received } = await pass(
      buildMiddleware(encodedCharacters, { allowEncodedHash: true }),
      makeRequest({ path }),
    )
    expect(received?.path).toBe(path)
  })

  test('does not look at the query', async () => {
    const middleware = buildMiddleware(encodedCharacters, { allowEncodedHash: true })
    const { received } = await pass(middleware, makeRequest({ query: 'next=%2Fx' }))
    expect(received).toBeDefined()
  })

  test('refuses an option that there is not', () => {
    expect(problemsOf(encodedCharacters, { allowEncodedSlsh: true })[0]).toContain('did you mean "allowEncodedSlash"?')
  })
})
