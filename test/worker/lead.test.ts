import { describe, expect, test } from 'bun:test'
import { Lead, type Follower } from '../../src/worker/lead.ts'
import type { VerdictMessage } from '../../src/worker/messages.ts'

function worker(): Follower & { readonly told: string[] } {
  const told: string[] = []
  return {
    told,
    send: (order) => {
      told.push(order.kind === 'lead' ? 'lead' : `${order.check} ${order.verdict?.isUp ? 'up' : 'down'}`)
    },
  }
}

const up = (check: string): VerdictMessage => ({ kind: 'verdict', check, verdict: { isUp: true } })
const ended = (check: string): VerdictMessage => ({ kind: 'verdict', check, verdict: undefined })

describe('the lead', () => {
  test('is the first worker’s, and told once', () => {
    const lead = new Lead<ReturnType<typeof worker>>()
    const [one, two] = [worker(), worker()]
    lead.join(one)
    lead.join(two)
    expect([one.told, two.told]).toEqual([['lead'], []])
  })

  test('goes to the oldest of the others when the worker that has it leaves', () => {
    const lead = new Lead<ReturnType<typeof worker>>()
    const [one, two, three] = [worker(), worker(), worker()]
    for (const each of [one, two, three]) lead.join(each)
    lead.leave(three)
    expect(two.told).toEqual([])
    lead.leave(one)
    lead.leave(one)
    expect([two.told, three.told]).toEqual([['lead'], []])
  })

  test('waits for a worker when there is none', () => {
    const lead = new Lead<ReturnType<typeof worker>>()
    const [one, two] = [worker(), worker()]
    lead.join(one)
    lead.leave(one)
    lead.join(two)
    expect(two.told).toEqual(['lead'])
  })

  test('passes verdicts on to all others, and to those that join later', () => {
    const lead = new Lead<ReturnType<typeof worker>>()
    const [one, two, late] = [worker(), worker(), worker()]
    lead.join(one)
    lead.join(two)
    lead.relay(up('a'), one)
    lead.relay(up('b'), one)
    lead.relay(ended('b'), one)
    lead.join(late)
    expect(one.told).toEqual(['lead'])
    expect(two.told).toEqual(['a up', 'b up', 'b down'])
    expect(late.told).toEqual(['a up'])
  })

  test('is not with a worker that had it once: its checks end while another one probes', () => {
    const lead = new Lead<ReturnType<typeof worker>>()
    const [one, two, late] = [worker(), worker(), worker()]
    lead.join(one)
    lead.join(two)
    lead.leave(one)
    lead.relay(up('a'), two)
    lead.relay(ended('a'), one)
    lead.join(late)
    expect(late.told).toEqual(['a up'])
  })
})
