import { describe, expect, test } from 'bun:test'
import type { Handler, Middleware } from '../../src/http/message.ts'
import { composeChain } from '../../src/middleware/compose.ts'
import { makeRequest, makeResponse } from '../support/request.ts'

const last: Handler = () => Promise.resolve(makeResponse({ status: 204 }))

/** A layer that puts its name into the path on the way in and into the response on the way out. */
function marking(name: string) {
  const middleware: Middleware = (next) => async (request) => {
    const response = await next({ ...request, path: `${request.path}/${name}` })
    return { ...response, headers: [...response.headers, 'X-Left', name] }
  }
  return { name: `${name}@file`, type: 'marking', middleware }
}

describe('a chain', () => {
  test.each([[false], [true]])('calls its layers outermost first (traced: %p)', async (traced) => {
    const paths: string[] = []
    const service: Handler = (request) => {
      paths.push(request.path)
      return last(request)
    }
    const chain = composeChain([marking('a'), marking('b'), marking('c')], service, { traced })
    const response = await chain(makeRequest({ path: '' }))
    expect(paths).toEqual(['/a/b/c'])
    expect(response).toMatchObject({ status: 204, headers: ['X-Left', 'c', 'X-Left', 'b', 'X-Left', 'a'] })
  })

  test('without layers is the last handler itself', () => {
    expect(composeChain([], last, { traced: true })).toBe(last)
  })

  test('that is not traced adds no frame', () => {
    const outer: Handler = () => last(makeRequest())
    const layer = { name: 'a@file', type: 'marking', middleware: () => outer }
    expect(composeChain([layer], last, { traced: false })).toBe(outer)
  })

  test('leaves the spans to a layer that makes them itself', () => {
    const outer: Handler = () => last(makeRequest())
    const layer = { name: 'a@file', type: 'marking', middleware: () => outer }
    expect(composeChain([layer], last, { traced: true })).not.toBe(outer)
    expect(composeChain([{ ...layer, tracesItself: true }], last, { traced: true })).toBe(outer)
  })

  test('is built once: a layer is asked for its handler at no request', async () => {
    let built = 0
    const middleware: Middleware = (next) => {
      built += 1
      return next
    }
    const chain = composeChain([{ name: 'a@file', type: 'marking', middleware }], last, { traced: true })
    await chain(makeRequest())
    await chain(makeRequest())
    expect(built).toBe(1)
  })

  test('hands the same request on when it has no span', async () => {
    const request = makeRequest()
    let received: unknown
    const service: Handler = (given) => {
      received = given
      return last(given)
    }
    const layer = { name: 'a@file', type: 'marking', middleware: (next: Handler) => next }
    await composeChain([layer], service, { traced: true })(request)
    expect(received).toBe(request)
  })
})
