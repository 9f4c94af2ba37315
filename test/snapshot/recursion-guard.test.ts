import { describe, expect, test } from 'bun:test'
import { recursionGuard } from '../../src/snapshot/recursion-guard.ts'
import { makeRequest, pass } from '../support/request.ts'

describe('the recursion guard', () => {
  test('marks a request with its router, in place of another router’s mark', async () => {
    const { received } = await pass(recursionGuard('a'), makeRequest({ headers: ['x-traefik-router', 'other'] }))
    expect(received?.headers).toEqual(['X-Traefik-Router', 'af63bd4c8601b7be'])
  })

  test('refuses a request that has its mark already', async () => {
    const first = await pass(recursionGuard('a'), makeRequest())
    const again = await pass(recursionGuard('a'), first.received!)
    expect([again.response.status, again.received]).toEqual([400, undefined])
    expect((await pass(recursionGuard('b'), first.received!)).response.status).toBe(200)
  })
})
