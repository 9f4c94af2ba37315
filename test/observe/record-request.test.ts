import { describe, expect, test } from 'bun:test'
import { recordRequest } from '../../src/observe/record-request.ts'
import { makeRequest, pass } from '../support/request.ts'

describe('recording a request', () => {
  test('replaces what came from the wire and hands the same request on', async () => {
    const fromWire = makeRequest({ headers: ['X-Forwarded-For', 'forged'] })
    fromWire.exchange.request = fromWire
    const vouched = { ...fromWire, headers: [] }
    const { received } = await pass(recordRequest, vouched)
    expect(received).toBe(vouched)
    expect(fromWire.exchange.request).toBe(vouched)
  })
})
