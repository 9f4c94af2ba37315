import { describe, expect, test } from 'bun:test'
import { headers } from '../../src/middleware/headers.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { asObject, makeRequest, makeResponse, pass, readText, type RequestParts } from '../support/request.ts'

const origin = ['Origin', 'https://foo.test']
const preflight: RequestParts = {
  method: 'OPTIONS',
  headers: [...origin, 'Access-Control-Request-Method', 'PUT', 'Access-Control-Request-Headers', 'X-A, X-B'],
}

async function answer(options: object, requestHeaders: string[], responseHeaders: string[] = []) {
  const middleware = buildMiddleware(headers, options)
  const passage = await pass(
    middleware,
    makeRequest({ headers: requestHeaders }),
    makeResponse({ headers: responseHeaders }),
  )
  return asObject(passage.response.headers)
}

const list = (...origins: string[]) => ({ accessControlAllowOriginList: origins })
const regex = (...patterns: string[]) => ({ accessControlAllowOriginListRegex: patterns })
const withCredentials = { accessControlAllowCredentials: true }

describe('Access-Control-Allow-Origin', () => {
  test.each([
    ['an exact origin', list('https://bar.test', 'https://foo.test'), origin, 'https://foo.test'],
    ['another origin', list('https://bar.test'), origin, undefined],
    ['a part of an origin', list('https://foo'), origin, undefined],
    ['any origin', list('*'), origin, '*'],
    ['any origin, asked by none', list('*'), [], '*'],
    ['any origin with credentials', { ...list('*'), ...withCredentials }, origin, 'https://foo.test'],
    ['any origin with credentials, asked by none', { ...list('*'), ...withCredentials }, [], undefined],
    ['a pattern', regex('^https://[a-z]+\\.test$'), origin, 'https://foo.test'],
    ['a pattern that fits a part', regex('foo'), origin, 'https://foo.test'],
    ['a second pattern', regex('bar', 'fo{2}'), origin, 'https://foo.test'],
    ['no pattern that fits', regex('bar'), origin, undefined],
    ['any pattern, asked by none', regex('.*'), [], undefined],
  ])('for %s', async (_, options, requestHeaders, expected) => {
    expect((await answer(options, requestHeaders))['Access-Control-Allow-Origin']).toBe(expected as string)
  })

  test('replaces what the server sent, but only when the origin fits', async () => {
    const sent = ['access-control-allow-origin', 'https://server.test']
    expect(await answer(list('*'), origin, sent)).toEqual({ 'Access-Control-Allow-Origin': '*' })
    expect(await answer(list('https://bar.test'), origin, sent)).toEqual(asObject(sent))
  })
})

describe('an answer with CORS keys', () => {
  test.each([
    [withCredentials, { 'Access-Control-Allow-Credentials': 'true' }],
    [{ accessControlExposeHeaders: ['X-A', 'X-B'] }, { 'Access-Control-Expose-Headers': 'X-A,X-B' }],
    [{ accessControlExposeHeaders: '*' }, { 'Access-Control-Expose-Headers': '*' }],
    [{ accessControlExposeHeaders: ['*'], ...withCredentials }, { 'Access-Control-Allow-Credentials': 'true' }],
    [{ accessControlAllowMethods: ['GET'], accessControlAllowHeaders: ['X'], accessControlMaxAge: 9 }, {}],
  ])('by %o is given %o', async (options, expected) => {
    expect(await answer(options, origin)).toEqual(expected)
  })

  test.each([
    [[], 'Origin'],
    [['Vary', 'Accept-Encoding'], 'Accept-Encoding,Origin'],
    [['Vary', 'Origin'], 'Origin'],
    [['Vary', 'origin'], 'origin,Origin'],
    [['Vary', 'A', 'Vary', 'B'], 'A, B,Origin'],
  ])('with addVaryHeader turns Vary of %o into %s', async (sent, expected) => {
    expect(await answer({ addVaryHeader: true }, [], sent)).toEqual({ Vary: expected })
  })
})

describe('a preflight', () => {
  const allowed = {
    ...list('https://foo.test'),
    accessControlAllowMethods: ['GET', 'PUT'],
    accessControlAllowHeaders: ['X-A'],
  }
  test.each([
    [
      'a fitting origin',
      { ...allowed, accessControlMaxAge: 100, addVaryHeader: true },
      {
        'Access-Control-Allow-Headers': 'X-A',
        'Access-Control-Allow-Methods': 'GET,PUT',
        'Access-Control-Allow-Origin': 'https://foo.test',
        'Access-Control-Max-Age': '100',
      },
    ],
    ['another origin', list('https://bar.test'), { 'Access-Control-Max-Age': '0' }],
    [
      'wildcards',
      { ...list('*'), accessControlAllowMethods: ['*'], accessControlAllowHeaders: ['*'] },
      {
        'Access-Control-Allow-Headers': '*',
        'Access-Control-Allow-Methods': '*',
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Max-Age': '0',
      },
    ],
    [
      'wildcards with credentials, which echo',
      { ...list('*'), accessControlAllowMethods: ['*'], accessControlAllowHeaders: ['*'], ...withCredentials },
      {
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Allow-Headers': 'X-A, X-B',
        'Access-Control-Allow-Methods': 'PUT',
        'Access-Control-Allow-Origin': 'https://foo.test',
        'Access-Control-Max-Age': '0',
      },
    ],
  ])('from %s is answered here', async (_, options, expected) => {
    const custom = { customResponseHeaders: { 'X-Custom': '1' }, frameDeny: true }
    const { received, response } = await pass(
      buildMiddleware(headers, { ...options, ...custom }),
      makeRequest(preflight),
    )
    expect(received).toBeUndefined()
    expect(response.status).toBe(200)
    expect(response.body.length).toBe(0)
    expect(asObject(response.headers)).toEqual(expected)
    expect(await readText(response.body)).toBe('')
  })

  test.each([
    ['another method', { ...preflight, method: 'GET' }],
    ['no Origin', { ...preflight, headers: preflight.headers!.slice(2) }],
    ['no Access-Control-Request-Method', { ...preflight, headers: origin }],
  ])('is not what has %s', async (_, parts) => {
    expect((await pass(buildMiddleware(headers, allowed), makeRequest(parts))).received).toBeDefined()
  })

  test('is forwarded when no CORS key is set', async () => {
    expect((await pass(buildMiddleware(headers, { frameDeny: true }), makeRequest(preflight))).received).toBeDefined()
  })
})

describe('CORS options', () => {
  test.each([
    [regex('('), 'accessControlAllowOriginListRegex[0]: '],
    [{ accessControlMaxAge: 'long' }, 'accessControlMaxAge: is not a whole number: "long"'],
    [{ accessControlAllowMethod: ['GET'] }, 'accessControlAllowMethod: unknown key'],
  ])('%o are refused', (options, problem) => {
    expect(problemsOf(headers, options)[0]).toStartWith(problem)
  })
})
