import { describe, expect, test } from 'bun:test'
import { ProxyError, type ErrorCode } from '../../src/errors.ts'
import { errorReply, noAvailableServer, notFound, plainReply, reply, statusReply } from '../../src/http/reply.ts'
import { statusText } from '../../src/http/status-text.ts'
import { readText } from '../support/request.ts'

const plain = ['Content-Type', 'text/plain; charset=utf-8', 'X-Content-Type-Options', 'nosniff']

describe('a reply', () => {
  test.each([
    ['reply', reply(502, 'né'), 502, [], 'né'],
    ['reply without text', reply(418, '', ['A', 'b']), 418, ['A', 'b'], ''],
    ['statusReply', statusReply(429), 429, [], 'Too Many Requests'],
    ['plainReply', plainReply(421, 'Misdirected Request'), 421, plain, 'Misdirected Request\n'],
    ['notFound', notFound(), 404, plain, '404 page not found\n'],
    ['noAvailableServer', noAvailableServer(), 503, plain, 'no available server\n'],
  ])('by %s has the status, headers and exact length', async (_, response, status, headers, text) => {
    expect(response.status).toBe(status)
    expect(response.headers).toEqual(headers)
    expect(response.body.length).toBe(Buffer.byteLength(text))
    expect(await readText(response.body)).toBe(text)
  })
})

describe('errorReply', () => {
  test.each([
    ['upstream.refused', 502, 'Bad Gateway'],
    ['upstream.reset', 502, 'Bad Gateway'],
    ['upstream.dialTimeout', 504, 'Gateway Timeout'],
    ['upstream.responseTimeout', 504, 'Gateway Timeout'],
    ['upstream.certificate', 500, 'Internal Server Error'],
    ['upstream.malformed', 500, 'Internal Server Error'],
    ['client.reset', 499, 'Client Closed Request'],
    ['client.malformed', 400, 'Bad Request'],
    ['client.headTooLarge', 431, 'Request Header Fields Too Large'],
    ['client.bodyTooLarge', 413, 'Request Entity Too Large'],
    ['client.targetTooLong', 414, 'Request URI Too Long'],
    ['client.version', 505, 'HTTP Version Not Supported'],
    ['proxy.unexpected', 500, 'Internal Server Error'],
  ] as [ErrorCode, number, string][])('answers %s with %i %s', async (code, status, text) => {
    const response = errorReply(new ProxyError(code, 'secret detail', new Error('secret cause')))
    expect(response.status).toBe(status)
    expect(response.headers).toEqual([])
    expect(await readText(response.body)).toBe(text)
  })

  test('answers a service without a server as plain text', async () => {
    const response = errorReply(new ProxyError('proxy.noServer', 'app@file'))
    expect(response.headers).toEqual(plain)
    expect(await readText(response.body)).toBe('no available server\n')
  })

  test('gives every reply a body of its own', async () => {
    const [first, second] = [statusReply(502), statusReply(502)]
    expect(await readText(first.body)).toBe('Bad Gateway')
    expect(await readText(second.body)).toBe('Bad Gateway')
  })
})

describe('statusText', () => {
  test('is empty for a status without one', () => {
    expect(statusText(599)).toBe('')
  })
})
