import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../../src/errors.ts'
import { pullBody } from '../../../src/http/pull-body.ts'
import { ask } from '../../../src/middleware/forward-auth/ask.ts'
import type { OutgoingRequest, Transport } from '../../../src/upstream/transport.ts'
import { makeRequest, makeResponse } from '../../support/request.ts'

const server = {
  url: 'http://auth.test/',
  address: { scheme: 'http', host: 'auth.test', port: 80, authority: 'auth.test', origin: 'http://auth.test' },
  path: '/',
  query: undefined,
  authorization: undefined,
} as const
const question = { method: 'GET', headers: [], body: undefined }

function untilCancelled({ exchange }: OutgoingRequest): Promise<never> {
  return new Promise((_, reject) => exchange.onCancel({ cancelled: reject }))
}

/** Ways of a server that never comes to the end of its answer. */
const silent: Transport = { send: untilCancelled, close: () => {} }
const endless: Transport = {
  send: (request) => {
    const body = pullBody({ read: () => untilCancelled(request), cancel: () => {} })
    return Promise.resolve(makeResponse({ body }))
  },
  close: () => {},
}

describe('asking an auth server', () => {
  test.each([
    ['does not answer', silent],
    ['does not end its answer', endless],
  ])('that %s ends after its time', async (_, transport) => {
    const options = { server, transport, maxAnswerBytes: -1, timeoutMs: 20 }
    const error = await ask(makeRequest(), question, options).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'upstream.authFailed', cause: { code: 'upstream.responseTimeout' } })
    expect((error as ProxyError).message).toBe('auth server http://auth.test/: no whole answer within 0.02 s')
  })

  test.each([
    ['before', 'does not answer', silent],
    ['before', 'does not end its answer', endless],
    ['after', 'does not answer', silent],
    ['after', 'does not end its answer', endless],
  ])('ends as the client’s exchange does, cancelled %s it began, where the server %s', async (when, _, transport) => {
    const request = makeRequest()
    const gone = new ProxyError('client.reset', 'gone')
    if (when === 'before') request.exchange.cancel(gone)
    const answer = ask(request, question, { server, transport, maxAnswerBytes: -1, timeoutMs: 60_000 })
    if (when === 'after') request.exchange.cancel(gone)
    expect(await answer.catch((thrown: unknown) => thrown)).toBe(gone)
  })
})
