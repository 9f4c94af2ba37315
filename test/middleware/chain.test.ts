import { describe, expect, test } from 'bun:test'
import { withAddedHeader } from '../../src/http/headers.ts'
import type { Middleware } from '../../src/http/message.ts'
import { chain } from '../../src/middleware/chain.ts'
import { buildMiddleware, problemsOf } from '../support/middleware.ts'
import { makeRequest, pass } from '../support/request.ts'

const signing =
  (name: string): Middleware =>
  (next) =>
  async (request) => {
    const response = await next({ ...request, headers: withAddedHeader(request.headers, 'In', name) })
    return { ...response, headers: withAddedHeader(response.headers, 'Out', name) }
  }

describe('chain', () => {
  test('goes in the order of its list, and back in reverse', async () => {
    const middleware = buildMiddleware(chain, { middlewares: ['a', 'b@other', 'c'] }, { middleware: signing })
    const { received, response } = await pass(middleware, makeRequest())
    expect(received!.headers).toEqual(['In', 'a', 'In', 'b@other', 'In', 'c'])
    expect(response.headers).toEqual(['Out', 'c', 'Out', 'b@other', 'Out', 'a'])
  })

  test('asks for its middlewares when it is built, so that a missing one is told then', () => {
    expect(() => buildMiddleware(chain, { middlewares: ['gone'] })).toThrow('no middleware gone')
  })

  test('refuses an empty name', () => {
    expect(problemsOf(chain, { middlewares: ['a', ''] })[0]).toStartWith('middlewares[1]: is empty')
  })
})
