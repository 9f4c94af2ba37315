import { describe, expect, test } from 'bun:test'
import { emptyBody, textBody } from '../../src/http/body.ts'
import type { HttpResponse } from '../../src/http/message.ts'
import { contentType } from '../../src/middleware/content-type.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { asObject, makeRequest, makeResponse, pass, readText } from '../support/request.ts'

async function typed(parts: Partial<HttpResponse>, options: unknown = {}): Promise<HttpResponse> {
  return (await pass(buildMiddleware(contentType, options), makeRequest(), makeResponse(parts))).response
}

describe('contentType', () => {
  test.each([
    ['<html><body>', 'text/html; charset=utf-8'],
    ['{"a":1}', 'text/plain; charset=utf-8'],
    ['\u0001\u0002', 'application/octet-stream'],
  ])('tells the type of %j: %s', async (text, type) => {
    const response = await typed({ body: textBody(text), headers: ['X-A', 'b'] })
    expect(asObject(response.headers)).toEqual({ 'X-A': 'b', 'Content-Type': type })
    expect(response.body.length).toBe(text.length)
    expect(await readText(response.body)).toBe(text)
  })

  test.each([
    ['has a type', { headers: ['content-type', 'a/b'] }],
    ['has an empty type', { headers: ['Content-Type', ''] }],
    ['is encoded', { headers: ['Content-Encoding', 'gzip'] }],
    ['has no body', { body: emptyBody }],
    ['is a 304', { status: 304 }],
  ] as [string, Partial<HttpResponse>][])('leaves a response alone that %s', async (_, parts) => {
    const given = makeResponse(parts)
    expect((await pass(buildMiddleware(contentType, {}), makeRequest(), given)).response).toBe(given)
  })

  test.each([true, 'true', { autoDetect: true }])('is switched on by %p', async (options) => {
    expect((await typed({}, options)).headers).toEqual(['Content-Type', 'text/plain; charset=utf-8'])
  })

  test('does nothing with autoDetect: false', async () => {
    expect((await typed({}, { autoDetect: false })).headers).toEqual([])
  })

  test('warns that autoDetect is deprecated', () => {
    expect(problemsOf(contentType, { autoDetect: true })).toEqual([
      'autoDetect: warning: is deprecated (contentType by itself detects; leave it out not to)',
    ])
  })
})
