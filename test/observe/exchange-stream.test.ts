import { describe, expect, test } from 'bun:test'
import type { Exchange } from '../../src/http/exchange.ts'
import { createExchangeStream } from '../../src/observe/exchange-stream.ts'
import { createLog, silentLog } from '../../src/observe/log.ts'
import { servedExchange } from './finished-exchange.ts'

describe('the stream of finished exchanges', () => {
  test('hands every exchange to every listener, in order', () => {
    const stream = createExchangeStream(silentLog)
    const first: Exchange[] = []
    const second: Exchange[] = []
    stream.subscribe((exchange) => first.push(exchange))
    stream.subscribe((exchange) => second.push(exchange))
    const exchanges = [servedExchange(), servedExchange()]
    for (const exchange of exchanges) stream.publish(exchange)
    expect(first).toEqual(exchanges)
    expect(second).toEqual(exchanges)
  })

  test('needs no listener', () => {
    expect(() => createExchangeStream(silentLog).publish(servedExchange())).not.toThrow()
  })

  test('logs a listener that throws and goes on to the next', () => {
    const entries: string[] = []
    const write = (entry: string) => void entries.push(entry)
    const stream = createExchangeStream(createLog({ level: 'ERROR', format: 'common', noColor: true, write }))
    const seen: Exchange[] = []
    stream.subscribe(() => {
      throw new Error('broken')
    })
    stream.subscribe((exchange) => seen.push(exchange))
    stream.publish(servedExchange())
    expect(seen).toHaveLength(1)
    expect(entries.join()).toContain('error="Error: broken"')
  })

  test('leaves a listener alone once it has gone, also when it goes while being called', () => {
    const stream = createExchangeStream(silentLog)
    const calls: string[] = []
    const leave = stream.subscribe(() => {
      calls.push('first')
      leave()
    })
    stream.subscribe(() => void calls.push('second'))
    stream.publish(servedExchange())
    stream.publish(servedExchange())
    expect(calls).toEqual(['first', 'second', 'second'])
  })

  test('counts the same function subscribed twice as two listeners', () => {
    const stream = createExchangeStream(silentLog)
    let calls = 0
    const listener = () => void (calls += 1)
    const leave = stream.subscribe(listener)
    stream.subscribe(listener)
    leave()
    stream.publish(servedExchange())
    expect(calls).toBe(1)
  })
})
