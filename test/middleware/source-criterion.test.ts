import { describe, expect, test } from 'bun:test'
import { ProblemCollector } from '../../src/config/problem.ts'
import { invalid, Place } from '../../src/config/schema.ts'
import { buildSource, sourceCriterion } from '../../src/middleware/source-criterion.ts'
import { problemsOf, toNode } from '../support/middleware.ts'
import { makeRequest } from '../support/request.ts'

const request = makeRequest({ host: 'A.test:8080', headers: ['X-Forwarded-For', '1.1.1.1, 2.2.2.2', 'x-key', 'k'] })

function sourceBy(options: unknown, fallback: 'address' | 'host'): string {
  const decoded = sourceCriterion.decode(toNode(options), new Place(new ProblemCollector()))
  if (decoded === invalid) throw new Error('the criterion of this test is not valid')
  return buildSource(decoded, fallback)(request)
}

describe('a sourceCriterion', () => {
  test.each([
    [{ ipStrategy: { depth: 1 } }, '2.2.2.2'],
    [{ ipStrategy: {} }, '203.0.113.9'],
    [{ requestHeaderName: 'X-Key' }, 'k'],
    [{ requestHeaderName: 'X-Other' }, ''],
    [{ requestHeaderName: 'Host' }, 'a.test:8080'],
    [{ requestHost: true }, 'a.test:8080'],
  ])('%j gives %j, whatever the default', (options, expected) => {
    expect([sourceBy(options, 'address'), sourceBy(options, 'host')]).toEqual([expected, expected])
  })

  test('that names nothing gives what the middleware goes by', () => {
    const nothing = { requestHost: false }
    expect([sourceBy(nothing, 'address'), sourceBy(nothing, 'host')]).toEqual(['203.0.113.9', 'a.test:8080'])
    expect([buildSource(undefined, 'address')(request), buildSource(undefined, 'host')(request)]).toEqual([
      '203.0.113.9',
      'a.test:8080',
    ])
  })

  test.each([
    [{ ipStrategy: {}, requestHost: true }, 'has ipStrategy and requestHost (expected only one of them)'],
    [
      { requestHeaderName: 'X', requestHost: true },
      'has requestHeaderName and requestHost (expected only one of them)',
    ],
  ])('refuses %j', (options, problem) => {
    expect(problemsOf({ options: sourceCriterion }, options)).toEqual([problem])
  })
})
