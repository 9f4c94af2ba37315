import { describe, expect, test } from 'bun:test'
import { questionHeaders } from '../../../src/middleware/forward-auth/question.ts'
import { asObject, makeRequest, someTls, type RequestParts } from '../../support/request.ts'

type Mode = boolean | undefined
const modes: readonly Mode[] = [undefined, false, true]

/** What an entry point that trusts its peer would hand on. */
const earlier = [
  ...['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Proto', 'wss', 'X-Forwarded-Method', 'PUT'],
  ...['X-Forwarded-Host', 'outer.test', 'X-Forwarded-Uri', '/outer', 'X-Forwarded-Port', '8443'],
  ...['X-Forwarded-Prefix', '/p', 'X-Real-Ip', '1.1.1.1', 'X-Forwarded-Server', 'edge'],
]

function asked(trustForwardHeader: Mode, parts: RequestParts, allowed?: readonly string[]) {
  const request = makeRequest({ method: 'POST', path: '/a', query: 'b=c', ...parts })
  const names = allowed === undefined ? undefined : new Set(allowed)
  return asObject(questionHeaders(request, { trustForwardHeader, allowed: names }))
}

describe('the question to an auth server', () => {
  test.each<[Mode, object]>([
    [
      undefined,
      {
        'X-Forwarded-For': '203.0.113.9',
        'X-Forwarded-Proto': 'http',
        'X-Forwarded-Method': 'POST',
        'X-Forwarded-Host': 'a.test',
        'X-Forwarded-Uri': '/a?b=c',
        'X-Forwarded-Port': '8443',
        'X-Forwarded-Prefix': '/p',
        'X-Real-Ip': '1.1.1.1',
        'X-Forwarded-Server': 'edge',
      },
    ],
    [
      false,
      {
        'X-Forwarded-For': '203.0.113.9',
        'X-Forwarded-Proto': 'http',
        'X-Forwarded-Method': 'POST',
        'X-Forwarded-Host': 'a.test',
        'X-Forwarded-Uri': '/a?b=c',
        'X-Forwarded-Port': '80',
      },
    ],
    [
      true,
      {
        'X-Forwarded-For': '1.1.1.1, 203.0.113.9',
        'X-Forwarded-Proto': 'wss',
        'X-Forwarded-Method': 'PUT',
        'X-Forwarded-Host': 'outer.test',
        'X-Forwarded-Uri': '/outer',
        'X-Forwarded-Port': '8443',
        'X-Forwarded-Prefix': '/p',
        'X-Real-Ip': '1.1.1.1',
        'X-Forwarded-Server': 'edge',
      },
    ],
  ])('with trustForwardHeader %p treats the fields of earlier hops as Traefik does', (mode, expected) => {
    expect(asked(mode, { headers: earlier })).toEqual(expected as Record<string, string>)
  })

  test.each<[Mode, string | undefined]>([
    [undefined, undefined],
    [false, '443'],
    [true, '443'],
  ])('with trustForwardHeader %p says itself what nobody has said', (mode, port) => {
    const fields = asked(mode, { client: { tls: someTls }, path: '', query: undefined })
    expect(fields).toEqual({
      'X-Forwarded-For': '203.0.113.9',
      'X-Forwarded-Method': 'POST',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Uri': '/',
      'X-Forwarded-Host': 'a.test',
      ...(port === undefined ? {} : { 'X-Forwarded-Port': port }),
    })
  })

  test('takes the port from the Host', () => {
    expect(asked(false, { host: 'a.test:8080' })).toMatchObject({
      'X-Forwarded-Host': 'a.test:8080',
      'X-Forwarded-Port': '8080',
    })
  })

  test.each(modes)('with trustForwardHeader %p leaves out what concerns the connection, and nothing else', (mode) => {
    const headers = [
      ...['Connection', 'X-Secret, keep-alive', 'X-Secret', '1', 'Keep-Alive', 'x', 'TE', 'trailers', 'Trailer', 'X-T'],
      ...['Upgrade', 'websocket', 'Expect', '100-continue', 'Proxy-Authorization', 'Basic x', 'Cookie', 'a=b'],
    ]
    const fields = asked(mode, { headers })
    expect(Object.keys(fields).filter((name) => !name.startsWith('X-Forwarded'))).toEqual([
      'Proxy-Authorization',
      'Cookie',
    ])
  })

  test.each<[Mode, readonly string[]]>([
    [undefined, ['X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Real-Ip', 'X-Forwarded-Server']],
    [false, []],
    [true, []],
  ])('with trustForwardHeader %p and authRequestHeaders has only those, and what is told anyway', (mode, missing) => {
    const headers = [...earlier, 'Cookie', 'a=b', 'Authorization', 'x', 'accept', '*/*']
    const whole = asked(mode, { headers })
    const some = asked(mode, { headers }, ['accept', 'authorization'])
    const { Cookie: _, ...expected } = whole
    expect(Object.keys(some).sort()).toEqual(
      Object.keys(expected)
        .filter((name) => !missing.includes(name))
        .sort(),
    )
  })

  test('names no host when the client has named none', () => {
    expect(asked(undefined, { host: '' })['X-Forwarded-Host']).toBeUndefined()
  })

  test('takes an X-Forwarded-For that a middleware has emptied for none', () => {
    expect(asked(true, { headers: ['X-Forwarded-For', ''] })['X-Forwarded-For']).toBe('203.0.113.9')
  })
})
