import { describe, expect, test } from 'bun:test'
import { ipWhiteList } from '../../src/middleware/ip-white-list.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass, readText } from '../support/request.ts'

describe('ipWhiteList', () => {
  test.each([
    [['203.0.113.0/24'], 200, 'hello'],
    [['10.0.0.0/8'], 403, 'Forbidden'],
  ])('%j answers 203.0.113.9 with %d', async (sourceRange, status, text) => {
    const { response } = await pass(buildMiddleware(ipWhiteList, { sourceRange }), makeRequest())
    expect(response.status).toBe(status)
    expect(await readText(response.body)).toBe(text)
  })

  test('warns that it has another name now', () => {
    expect(problemsOf(ipWhiteList, { sourceRange: ['::1'] })).toEqual([
      'warning: is deprecated (it is called ipAllowList now)',
    ])
  })

  test('has no other status than 403', () => {
    expect(problemsOf(ipWhiteList, { sourceRange: ['::1'], rejectStatusCode: 404 })).toEqual([
      'rejectStatusCode: unknown key (expected sourceRange, ipStrategy)',
    ])
  })
})
