import { describe, expect, test } from 'bun:test'
import { outgoingRequestHeaders } from '../../src/http/connection-headers.ts'
import { Exchange, type ClientFacts } from '../../src/http/exchange.ts'
import { forwardedHeaders } from '../../src/http/forwarded.ts'
import type { Headers } from '../../src/http/headers.ts'
import type { HttpRequest } from '../../src/http/message.ts'
import { derivedFrom, markRecurring, onceIfRecurring } from '../../src/http/recurring.ts'
import { encodeFields } from '../../src/http1/encode-fields.ts'
import { asObject, makeRequest, pass } from '../support/request.ts'

const layer = forwardedHeaders({
  insecure: true,
  trusted: () => false,
  connection: [],
  addXForwardedSchemeHeaders: false,
  hostname: 'edge1',
})

function clientAt(address: string): ClientFacts {
  return makeRequest({ client: { address } }).exchange.client
}

function shared(...fields: string[]): Headers {
  markRecurring(fields)
  return fields
}

/** The next request of a client. */
function next(client: ClientFacts, parts: Partial<HttpRequest>): HttpRequest {
  return { ...makeRequest(parts), exchange: new Exchange('web', client, 0) }
}

async function forwarded(request: HttpRequest): Promise<Headers> {
  return (await pass(layer, request)).received!.headers
}

async function sent(request: HttpRequest, appendForwardedFor = true): Promise<Headers> {
  const { received } = await pass(layer, request)
  return outgoingRequestHeaders(received!, { appendForwardedFor })
}

describe('fields that recur', () => {
  test('are forwarded and sent as the same list from the second time on a connection', async () => {
    const client = clientAt('203.0.113.9')
    const headers = shared('Accept', '*/*', 'Connection', 'close')
    const [first, second, third] = [
      await sent(next(client, { headers })),
      await sent(next(client, { headers })),
      await sent(next(client, { headers })),
    ]
    expect(second).toEqual(first)
    expect(third).toBe(second)
  })

  test('tell each server its own client', async () => {
    const headers = shared('Accept', '*/*', 'X-Forwarded-For', '1.1.1.1')
    const clients = ['203.0.113.9', '203.0.113.10'].map(clientAt)
    for (let time = 0; time < 4; time++) {
      for (const client of clients) {
        const fields = asObject(await sent(next(client, { headers })))
        expect(fields['X-Forwarded-For']).toBe(`1.1.1.1, ${client.address}`)
        expect(fields['X-Real-Ip']).toBe(client.address)
      }
    }
  })

  test('tell each host that one connection asks for', async () => {
    const client = clientAt('203.0.113.9')
    const headers = shared('Accept', '*/*')
    for (const host of ['a.test', 'a.test', 'a.test', 'b.test:81', 'b.test:81', 'b.test:81', 'a.test']) {
      const fields = asObject(await forwarded(next(client, { headers, host })))
      expect(fields['X-Forwarded-Host']).toBe(host)
      expect(fields['X-Forwarded-Port']).toBe(host === 'a.test' ? '80' : '81')
    }
  })

  test('are not mixed up with others of the same connection', async () => {
    const client = clientAt('203.0.113.9')
    const lists = [shared('Accept', 'text/html'), shared('Accept', 'image/png'), ['Accept', '*/*']]
    for (const at of [0, 0, 0, 1, 0, 1, 1, 1, 2, 2, 2, 0]) {
      const fields = asObject(await forwarded(next(client, { headers: lists[at]! })))
      expect(fields['Accept']).toBe(lists[at]![1]!)
    }
  })

  test('are sent without the peer where it is not to be appended, whatever was sent before', async () => {
    const client = clientAt('203.0.113.9')
    const headers = shared('X-Forwarded-For', '1.1.1.1')
    for (const appends of [true, true, true, false, true, false]) {
      const fields = asObject(await sent(next(client, { headers }), appends))
      expect(fields['X-Forwarded-For']).toBe(appends ? '1.1.1.1, 203.0.113.9' : '1.1.1.1')
    }
  })

  test('are sent without the peer for a request that the proxy makes itself', async () => {
    const headers = shared('X-Forwarded-For', '1.1.1.1')
    for (const synthetic of [undefined, true, undefined] as const) {
      const request = makeRequest({ headers, ...(synthetic && { synthetic }) })
      const fields = asObject(outgoingRequestHeaders(request, { appendForwardedFor: true }))
      expect(fields['X-Forwarded-For']).toBe(synthetic ? '1.1.1.1' : '1.1.1.1, 203.0.113.9')
    }
  })

  test('are encoded as carefully as others, each time', () => {
    const headers = shared('X-A', 'a\r\nX-B: b', 'Content-Length', '5', 'Bad Name', 'x', 'Accept', '*/*')
    const expected = encodeFields([...headers], 'response')
    expect(expected).toBe('X-A: a  X-B: b\r\nAccept: */*\r\n')
    for (let time = 0; time < 3; time++) expect(encodeFields(headers, 'response')).toBe(expected)
  })
})

describe('a change of fields', () => {
  const add = onceIfRecurring((headers) => [...headers, 'X-Added', 'yes'])

  test('has an outcome of its own for fields of one message alone', () => {
    const headers = ['Accept', '*/*']
    expect(add(headers)).toEqual(['Accept', '*/*', 'X-Added', 'yes'])
    expect(add(headers)).not.toBe(add(headers))
    expect(derivedFrom(add(headers))).toBeUndefined()
  })

  test('has one outcome for fields that recur, which recurs too', () => {
    const headers = shared('Accept', '*/*')
    expect(add(headers)).toEqual(['Accept', '*/*', 'X-Added', 'yes'])
    expect(add(headers)).toBe(add(headers))
    expect(derivedFrom(add(headers))).toBeDefined()
    expect(add(shared('Accept', 'text/html'))).toEqual(['Accept', 'text/html', 'X-Added', 'yes'])
  })

  test('that changes nothing leaves what was derived before', () => {
    const headers = shared('Accept', '*/*')
    encodeFields(headers, 'request')
    expect(onceIfRecurring((same) => same)(headers)).toBe(headers)
    expect(derivedFrom(headers)?.requestLines).toBe('Accept: */*\r\n')
  })
})
