import { describe, expect, test } from 'bun:test'
import { underscoreHeaders } from '../../src/http/underscore-headers.ts'
import { makeRequest, pass, readText } from '../support/request.ts'

const headers = ['X-A', '1', 'X_A', '2', 'x_b-c', '3']

describe('underscoreHeaders', () => {
  test('keeps them all with keep', async () => {
    expect((await pass(underscoreHeaders('keep'), makeRequest({ headers }))).received?.headers).toEqual(headers)
  })

  test('drops the ones with an underscore with delete', async () => {
    expect((await pass(underscoreHeaders('delete'), makeRequest({ headers }))).received?.headers).toEqual(['X-A', '1'])
  })

  test('refuses the request with reject', async () => {
    const { received, response } = await pass(underscoreHeaders('reject'), makeRequest({ headers }))
    expect(received).toBeUndefined()
    expect(response.status).toBe(400)
    expect(await readText(response.body)).toBe('Bad Request\n')
  })

  test.each(['delete', 'reject'] as const)('hands a request without one on as it is with %s', async (strategy) => {
    const request = makeRequest({ headers: ['X-A', 'a_b'] })
    expect((await pass(underscoreHeaders(strategy), request)).received).toBe(request)
  })
})
