import { describe, expect, test } from 'bun:test'
import { outgoingRequestHeaders } from '../../src/http/connection-headers.ts'
import { forwardedHeaders, type ForwardedOptions } from '../../src/http/forwarded.ts'
import { asObject, makeRequest, pass, someTls, type RequestParts } from '../support/request.ts'

const byDefault: ForwardedOptions = {
  insecure: false,
  trusted: () => false,
  connection: [],
  addXForwardedSchemeHeaders: false,
  hostname: 'edge1',
}
const trusting: Partial<ForwardedOptions> = { trusted: (address) => address === '203.0.113.9' }

async function received(parts: RequestParts, options: Partial<ForwardedOptions> = {}): Promise<Record<string, string>> {
  const passage = await pass(forwardedHeaders({ ...byDefault, ...options }), makeRequest(parts))
  return asObject(passage.received!.headers)
}

const written = {
  'X-Real-Ip': '203.0.113.9',
  'X-Forwarded-Proto': 'http',
  'X-Forwarded-Port': '80',
  'X-Forwarded-Host': 'a.test',
  'X-Forwarded-Server': 'edge1',
}
const claims = ['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Prefix', '/p', 'X-Forwarded-Proto', 'https']

describe('forwardedHeaders', () => {
  test('writes what is known of the client, and does not append its address', async () => {
    expect(await received({})).toEqual(written)
  })

  test('drops what a peer that is not trusted claims', async () => {
    expect(await received({ headers: claims })).toEqual(written)
  })

  test.each([
    ['trusted', trusting],
    ['any, with insecure,', { insecure: true }],
  ])('keeps what a peer that is %s claims', async (_, options) => {
    expect(await received({ headers: claims }, options)).toEqual({
      ...written,
      'X-Forwarded-For': '1.1.1.1',
      'X-Forwarded-Prefix': '/p',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Port': '443',
    })
  })

  test.each([
    'X-Forwarded-Proto',
    'X-Forwarded-Scheme',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Server',
    'X-Forwarded-Uri',
    'X-Forwarded-Method',
    'X-Forwarded-Prefix',
    'X-Forwarded-Tls-Client-Cert',
    'X-Forwarded-Tls-Client-Cert-Info',
    'X-Scheme',
    'X-Real-Ip',
    'X_Forwarded_For',
    'x-forwarded_for',
    'X_REAL_IP',
    'x_scheme',
  ])('drops %s from a peer that is not trusted', async (name) => {
    expect(await received({ headers: [name, 'forged'] })).toEqual(written)
  })

  test.each(['Forwarded', 'Via', 'True-Client-Ip', 'X-Original-Url', 'X-Request-Id', 'X-Forwarded-User', 'X'])(
    'lets %s pass from anyone',
    async (name) => {
      expect(await received({ headers: [name, 'value'] })).toEqual({ [name]: 'value', ...written })
    },
  )

  test('keeps the X-Real-Ip of a trusted peer', async () => {
    const headers = await received({ headers: ['X-Real-Ip', '1.1.1.1'] }, trusting)
    expect(headers['X-Real-Ip']).toBe('1.1.1.1')
  })

  test('folds the X-Forwarded-For lines of a trusted peer into one and skips empty ones', async () => {
    const lines = ['X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '', 'X-Forwarded-For', '2.2.2.2, 3.3.3.3']
    expect((await received({ headers: lines }, trusting))['X-Forwarded-For']).toBe('1.1.1.1, 2.2.2.2, 3.3.3.3')
    expect(await received({ headers: ['X-Forwarded-For', ''] }, trusting)).toEqual(written)
  })

  test('takes an empty claim of a trusted peer for none', async () => {
    const headers = ['X-Real-Ip', '', 'X-Forwarded-Proto', '', 'X-Forwarded-Port', '', 'X-Forwarded-Host', '']
    expect(await received({ headers }, trusting)).toEqual(written)
  })

  test('overwrites X-Forwarded-Server of anyone', async () => {
    const headers = await received({ headers: ['X-Forwarded-Server', 'other'] }, trusting)
    expect(headers['X-Forwarded-Server']).toBe('edge1')
  })

  test('sends no X-Forwarded-Host when the request has no host', async () => {
    expect(await received({ host: '' })).not.toHaveProperty('X-Forwarded-Host')
  })

  test.each([
    ['a.test:8080', undefined, [], '8080'],
    ['[::1]:8443', undefined, [], '8443'],
    ['[::1]', undefined, [], '80'],
    ['a.test', someTls, [], '443'],
    ['a.test', undefined, ['X-Forwarded-Proto', 'wss'], '443'],
    ['a.test', someTls, ['X-Forwarded-Proto', 'http'], '443'],
    ['a.test', undefined, ['X-Forwarded-Port', '9'], '9'],
  ])('gives host %s with TLS %o and claims %o the port %s', async (host, tls, headers, port) => {
    expect((await received({ host, headers, client: { tls } }, trusting))['X-Forwarded-Port']).toBe(port)
  })

  const handshake = ['Upgrade', 'websocket', 'Connection', 'keep-alive, Upgrade']
  test.each([
    ['plain', undefined, [], 'http'],
    ['TLS', someTls, [], 'https'],
    ['WebSocket', undefined, handshake, 'ws'],
    ['WebSocket over TLS', someTls, ['connection', 'upgrade', 'upgrade', 'WebSocket'], 'wss'],
    ['h2c upgrade', undefined, ['Upgrade', 'h2c', 'Connection', 'Upgrade'], 'http'],
    ['Upgrade without Connection', undefined, ['Upgrade', 'websocket'], 'http'],
  ])('tells the proto of a %s request', async (_, tls, headers, proto) => {
    expect((await received({ headers, client: { tls } }))['X-Forwarded-Proto']).toBe(proto)
  })

  test('copies the proto when addXForwardedSchemeHeaders is on', async () => {
    const options = { ...trusting, addXForwardedSchemeHeaders: true }
    const headers = ['X-Scheme', 'ftp', 'X-Forwarded-Scheme', 'ftp', 'X-Forwarded-Proto', 'https']
    expect(await received({ headers }, options)).toMatchObject({ 'X-Scheme': 'https', 'X-Forwarded-Scheme': 'https' })
    expect(await received({}, options)).toMatchObject({ 'X-Scheme': 'http', 'X-Forwarded-Scheme': 'http' })
  })

  test('removes what Connection names, but never a managed field', async () => {
    const headers = [
      'Connection',
      'X-Foo, X-Forwarded-Host, x_real_ip, Keep-Alive',
      'X-Foo',
      '1',
      'Keep-Alive',
      '5',
      'Y',
      '2',
    ]
    expect(await received({ headers })).toEqual({ Y: '2', ...written })
  })

  test('reads all the lines of Connection', async () => {
    const headers = ['Connection', 'x-foo', 'X-Foo', '1', 'Connection', 'x-bar', 'X-Bar', '1']
    expect(await received({ headers })).toEqual(written)
  })

  test.each(['keep-alive', 'close', ''])('drops a Connection field of "%s"', async (value) => {
    expect(await received({ headers: ['Connection', value] })).toEqual(written)
  })

  test('keeps what forwardedHeaders.connection lists, named in Connection', async () => {
    const headers = ['Connection', 'x-foo, x-bar', 'X-Foo', '1', 'X-Bar', '2']
    expect(await received({ headers }, { connection: ['X-Foo'] })).toEqual({
      'X-Foo': '1',
      Connection: 'X-Foo',
      ...written,
    })
  })

  test('keeps the upgrade that Connection asks for', async () => {
    expect(await received({ headers: handshake })).toMatchObject({ Upgrade: 'websocket', Connection: 'Upgrade' })
    expect(await received({ headers: ['Connection', 'Upgrade'] })).toEqual(written)
  })

  test('leaves the request it was given as it was', async () => {
    const request = makeRequest({ headers: claims })
    await pass(forwardedHeaders(byDefault), request)
    expect(request.headers).toEqual(claims)
  })
})

describe('forwardedHeaders and then outgoingRequestHeaders', () => {
  const asWritten = { ...written, 'X-Forwarded-For': '203.0.113.9' }
  test.each([
    ['nothing', [], {}, true, asWritten],
    ['claims', claims, {}, true, asWritten],
    [
      'claims, trusted',
      claims,
      trusting,
      true,
      {
        ...asWritten,
        'X-Forwarded-For': '1.1.1.1, 203.0.113.9',
        'X-Forwarded-Prefix': '/p',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Port': '443',
      },
    ],
    ['X-Foo by Connection', ['Connection', 'X-Foo, X-Forwarded-Host', 'X-Foo', '1'], {}, true, asWritten],
    ['an underscore spelling', ['X_Forwarded_For', '1.1.1.1'], {}, true, asWritten],
    [
      'a WebSocket handshake',
      ['Upgrade', 'websocket', 'Connection', 'keep-alive, Upgrade'],
      {},
      true,
      { ...asWritten, 'X-Forwarded-Proto': 'ws', Connection: 'Upgrade', Upgrade: 'websocket' },
    ],
    ['TE', ['TE', 'trailers, deflate'], {}, true, { ...asWritten, Te: 'trailers' }],
  ])('send %s on as Traefik does', async (_, headers, options, appendForwardedFor, expected) => {
    const passage = await pass(forwardedHeaders({ ...byDefault, ...options }), makeRequest({ headers }))
    expect(asObject(outgoingRequestHeaders(passage.received!, { appendForwardedFor }))).toEqual(expected)
  })

  test('send the X-Forwarded-For of earlier hops alone when the peer is not to be appended', async () => {
    const passage = await pass(forwardedHeaders({ ...byDefault, insecure: true }), makeRequest({ headers: claims }))
    const headers = asObject(outgoingRequestHeaders(passage.received!, { appendForwardedFor: false }))
    expect(headers['X-Forwarded-For']).toBe('1.1.1.1')
  })
})
