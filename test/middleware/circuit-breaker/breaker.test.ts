import { describe, expect, test } from 'bun:test'
import { CircuitBreaker } from '../../../src/middleware/circuit-breaker/breaker.ts'
import { responseVocabulary } from '../../../src/middleware/circuit-breaker/response-metrics.ts'
import { parseExpression } from '../../../src/middleware/expression/parse.ts'

function expression(text: string) {
  const parsing = parseExpression(text, responseVocabulary)
  if (!parsing.ok) throw new Error(parsing.message)
  return parsing.expression
}

/** A breaker with a clock of its own. */
function breakerWith(text: string, { checkPeriodMs = 100, fallbackDurationMs = 10_000 } = {}) {
  const clock = { ms: 1_000_000 }
  const changes: string[] = []
  const terms = { expression: expression(text), checkPeriodMs, fallbackDurationMs, recoveryDurationMs: 10_000 }
  const breaker = new CircuitBreaker(terms, { changed: (state) => changes.push(state) }, () => clock.ms)
  const see = (status: number, times = 1, latencyMs = 1) => {
    for (let time = 0; time < times; time++) breaker.record(status, latencyMs)
  }
  const tick = (ms: number) => void (clock.ms += ms)
  return { breaker, changes, see, tick }
}

function stateAfter(text: string, seen: readonly (readonly [status: number, times: number, latencyMs?: number])[]) {
  const { breaker, see, tick } = breakerWith(text)
  for (const [status, times, latencyMs = 1] of seen) {
    // The first is looked at alone: nothing before it counts.
    see(status, times, latencyMs)
    tick(101)
  }
  return breaker.describeState().state
}

describe('the expression of a circuit breaker', () => {
  test.each([
    [
      'NetworkErrorRatio() > 0.30',
      [
        [200, 7],
        [502, 3],
        [200, 1],
      ],
      'closed',
    ],
    [
      'NetworkErrorRatio() > 0.30',
      [
        [200, 6],
        [502, 2],
        [504, 2],
        [502, 1],
      ],
      'open',
    ],
    [
      'NetworkErrorRatio() > 0.30',
      [
        [200, 1],
        [500, 9],
        [503, 9],
      ],
      'closed',
    ],
    [
      'ResponseCodeRatio(500, 600, 0, 600) > 0.25',
      [
        [200, 3],
        [500, 1],
        [200, 1],
      ],
      'closed',
    ],
    [
      'ResponseCodeRatio(500, 600, 0, 600) > 0.25',
      [
        [200, 2],
        [599, 1],
      ],
      'open',
    ],
    [
      'ResponseCodeRatio(500, 600, 0, 600) > 0.25',
      [
        [200, 2],
        [600, 9],
        [499, 9],
      ],
      'closed',
    ],
    [
      'ResponseCodeRatio(500, 600, 200, 300) >= 0.5',
      [
        [200, 2],
        [404, 50],
        [500, 1],
      ],
      'open',
    ],
    ['ResponseCodeRatio(500, 600, 300, 400) > 0.0', [[500, 5]], 'closed'],
    [
      'LatencyAtQuantileMS(50.0) > 100',
      [
        [200, 5, 50],
        [200, 4, 500],
      ],
      'closed',
    ],
    [
      'LatencyAtQuantileMS(50.0) > 100',
      [
        [200, 5, 50],
        [200, 6, 500],
        [200, 1, 500],
      ],
      'open',
    ],
    ['LatencyAtQuantileMS(50.0) > 100', [[200, 5, 100.3]], 'closed'],
    ['RequestThreshold() >= 20', [[200, 19]], 'closed'],
    [
      'RequestThreshold() >= 20',
      [
        [200, 19],
        [200, 1],
      ],
      'open',
    ],
    ['NetworkErrorRatio() > 0.5 && RequestThreshold() > 5', [[502, 4]], 'closed'],
    [
      'NetworkErrorRatio() > 0.5 && RequestThreshold() > 5',
      [
        [502, 5],
        [502, 1],
      ],
      'open',
    ],
    ['NetworkErrorRatio() > 0.9 || LatencyAtQuantileMS(99.0) > 10', [[200, 5, 20]], 'open'],
  ] as const)('%s after %j leaves it %s', (text, seen, state) => {
    expect(stateAfter(text, seen)).toBe(state)
  })

  test('looks back 10 s for statuses and 60 s for latencies', () => {
    const ratio = breakerWith('ResponseCodeRatio(500, 600, 0, 600) > 0.4 && RequestThreshold() > 1')
    ratio.see(500)
    ratio.tick(10_001)
    ratio.see(500)
    expect(ratio.breaker.describeState().state).toBe('closed')
    const latency = breakerWith('LatencyAtQuantileMS(100.0) > 100 && RequestThreshold() > 1')
    latency.see(200, 1, 500)
    latency.tick(45_000)
    latency.see(200, 1)
    latency.tick(101)
    latency.see(200, 1)
    expect(latency.breaker.describeState().state).toBe('open')
    const aged = breakerWith('LatencyAtQuantileMS(100.0) > 100 && RequestThreshold() > 1')
    aged.see(200, 1, 500)
    aged.tick(60_001)
    aged.see(200, 1)
    aged.tick(101)
    aged.see(200, 1)
    expect(aged.breaker.describeState().state).toBe('closed')
  })
})

describe('a circuit breaker', () => {
  const text = 'NetworkErrorRatio() > 0.5'

  test('opens, recovers and closes', () => {
    const { breaker, changes, see, tick } = breakerWith(text)
    expect(breaker.admits()).toBe(true)
    expect(breaker.describeState().state).toBe('closed')
    see(502)
    expect(breaker.describeState().state).toBe('open')
    tick(9999)
    expect(breaker.admits()).toBe(false)
    tick(1)
    expect(breaker.admits()).toBe(false)
    expect(breaker.describeState().state).toBe('recovering')
    tick(10_001)
    expect(breaker.admits()).toBe(true)
    expect(breaker.describeState().state).toBe('closed')
    expect(changes).toEqual(['open', 'recovering', 'closed'])
  })

  test('tells since when it has been in its state, and until when at most', () => {
    const { breaker, see, tick } = breakerWith(text)
    const lasts = () => {
      const { since, until } = breaker.describeState()
      expect(Math.abs(Date.parse(since) - Date.now())).toBeLessThan(60_000)
      return until === undefined ? undefined : Date.parse(until) - Date.parse(since)
    }
    expect(lasts()).toBeUndefined()
    see(502)
    expect(lasts()).toBe(10_000)
    tick(10_000)
    breaker.admits()
    expect(breaker.describeState().state).toBe('recovering')
    expect(lasts()).toBe(10_000)
  })

  test('releases a share that grows in a line to a half', () => {
    const { breaker, see, tick } = breakerWith(text)
    see(502)
    tick(10_000)
    const perSecond: number[] = []
    let admitted = 0
    for (let second = 0; second < 10; second++) {
      for (let request = 0; request < 1000; request++) {
        if (breaker.admits()) admitted += 1
        tick(1)
      }
      perSecond.push(admitted)
    }
    for (const [second, sum] of perSecond.entries()) {
      const share = sum / ((second + 1) * 1000)
      expect(share).toBeGreaterThan((0.5 * (second + 1)) / 10 - 0.02)
      expect(share).toBeLessThanOrEqual((0.5 * (second + 1)) / 10)
    }
  })

  test('opens again when what it releases fails', () => {
    const { breaker, changes, see, tick } = breakerWith(text)
    see(502)
    tick(10_000)
    breaker.admits()
    tick(5000)
    expect(breaker.admits()).toBe(false)
    see(200)
    tick(101)
    see(504, 2)
    expect(breaker.describeState()).toMatchObject({ state: 'recovering' })
    tick(101)
    see(504)
    expect(breaker.describeState()).toMatchObject({ state: 'open' })
    expect(changes).toEqual(['open', 'recovering', 'open'])
  })

  test('starts from nothing after it has opened', () => {
    const expression = 'NetworkErrorRatio() > 0.5 && RequestThreshold() > 2'
    const { breaker, see, tick } = breakerWith(expression, { fallbackDurationMs: 1000 })
    see(502, 3)
    tick(101)
    see(502)
    expect(breaker.describeState().state).toBe('open')
    tick(1000)
    breaker.admits()
    // The failures before are less than 10 s ago.
    see(502, 2)
    expect(breaker.describeState().state).toBe('recovering')
  })

  test('looks no more often than the check period says', () => {
    const { breaker, see, tick } = breakerWith(text, { checkPeriodMs: 1000 })
    see(200)
    see(502, 9)
    expect(breaker.describeState().state).toBe('closed')
    tick(1000)
    see(502)
    expect(breaker.describeState().state).toBe('closed')
    tick(1)
    see(502)
    expect(breaker.describeState().state).toBe('open')
  })

  test('does not open longer for what was on its way when it opened', () => {
    const { breaker, see, tick } = breakerWith(text)
    see(502)
    tick(5000)
    see(502, 10)
    tick(4999)
    breaker.admits()
    expect(breaker.describeState().state).toBe('open')
    tick(1)
    breaker.admits()
    expect(breaker.describeState().state).toBe('recovering')
  })
})
