import { describe, expect, test } from 'bun:test'
import type { Item } from '../../src/admin/item.ts'
import { searchItems, sorted } from '../../src/admin/search.ts'
import { atOnce } from '../../src/config/steps.ts'

const describeNothing = () => ({})

function router(name: string, more: Partial<Item> = {}): Item {
  const facts = { rule: 'Host(`x.test`)', service: 'app', priority: 1n, entryPoints: 1, middlewares: [] }
  return { name, provider: 'file', status: 'enabled', ...facts, ...more, describe: describeNothing }
}

const routers = [
  router('b@file', { rule: 'Host(`API.test`)', priority: 9223372036854775806n, middlewares: ['auth@file'] }),
  router('a@docker', { provider: 'docker', status: 'disabled', service: 'web@file', entryPoints: 2 }),
  router('c@file', { status: 'warning', priority: 9223372036854775807n, service: 'other' }),
  { name: 'lost@file', provider: 'file', status: 'disabled', describe: describeNothing } as const,
]

function namesFor(query: string, items: readonly Item[] = routers): string {
  return atOnce(searchItems(items, new URLSearchParams(query)))
    .map(({ name }) => name)
    .join(' ')
}

describe('a search for routers', () => {
  test.each([
    ['', 'a@docker b@file c@file lost@file'],
    ['search=api', 'b@file'],
    ['search=DOCKER', 'a@docker'],
    ['search=nothing', ''],
    ['status=Disabled', 'a@docker lost@file'],
    ['status=warning&search=c', 'c@file'],
    ['serviceName=app@file', 'b@file lost@file'],
    ['serviceName=web@file', 'a@docker lost@file'],
    ['middlewareName=auth@file', 'b@file lost@file'],
    ['direction=desc', 'lost@file c@file b@file a@docker'],
    ['sortBy=nonsense', 'a@docker b@file c@file lost@file'],
    ['sortBy=priority', 'lost@file a@docker b@file c@file'],
    ['sortBy=priority&direction=desc', 'c@file b@file a@docker lost@file'],
    ['sortBy=provider', 'a@docker b@file c@file lost@file'],
    ['sortBy=status', 'a@docker lost@file b@file c@file'],
    ['sortBy=rule', 'lost@file b@file a@docker c@file'],
    ['sortBy=service', 'lost@file b@file c@file a@docker'],
    ['sortBy=entryPoints', 'lost@file b@file c@file a@docker'],
  ])('with ?%s finds %p', (query, names) => {
    expect(namesFor(query)).toBe(names)
  })
})

describe('a search for services', () => {
  const services = [
    {
      name: 'b@file',
      provider: 'file',
      status: 'enabled',
      type: 'loadbalancer',
      servers: 10,
      describe: describeNothing,
    },
    { name: 'a@file', provider: 'file', status: 'enabled', type: 'weighted', servers: 0, describe: describeNothing },
    {
      name: 'c@file',
      provider: 'file',
      status: 'enabled',
      type: 'loadbalancer',
      servers: 9,
      describe: describeNothing,
    },
  ] as const

  test.each([
    ['sortBy=servers', 'a@file c@file b@file'],
    ['sortBy=type', 'b@file c@file a@file'],
    ['serviceName=a@file', 'a@file b@file c@file'],
  ])('with ?%s finds %p', (query, names) => {
    expect(namesFor(query, services)).toBe(names)
  })
})

describe('sorted', () => {
  test('keeps what is equal in its order, and lets others have their turn', () => {
    const items = Array.from({ length: 5000 }, (_, at) => ({ key: (at * 7919) % 101, at }))
    const byKey = (one: { key: number }, other: { key: number }) => one.key - other.key
    const steps = sorted(items, byKey)
    let turns = 0
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) turns += 1
    expect(step.value).toEqual(items.toSorted(byKey))
    expect(turns).toBeGreaterThan(10)
  })
})
