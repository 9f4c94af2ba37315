import { describe, expect, test } from 'bun:test'
import { startApp } from '../support/running-app.ts'

const none = ''

describe('ping', () => {
  test('answers OK at its entry point, whatever the method and whatever routers there are', async () => {
    const everything =
      'http:\n  routers:\n    all: { rule: PathPrefix(`/`), service: whoami@internal, priority: 9223372036854774807 }\n'
    await using app = await startApp(everything, ['ping.entryPoint=web'])
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
      const response = await fetch(`${app.url}/ping`, { method })
      expect([response.status, await response.text()]).toEqual([200, method === 'HEAD' ? '' : 'OK'])
    }
    expect(await (await fetch(`${app.url}/pin`)).text()).toContain('Hostname: ')
  })

  test('is left to the routers that name it with manualRouting', async () => {
    const manual = 'http:\n  routers:\n    health: { rule: Path(`/alive`), service: ping@internal }\n'
    await using app = await startApp(manual, ['ping.manualRouting=true'])
    expect((await fetch(`${app.url}/ping`)).status).toBe(404)
    expect(await (await fetch(`${app.url}/alive`)).text()).toBe('OK')
  })

  test('is not there unless it is switched on', async () => {
    await using app = await startApp(none)
    expect((await fetch(`${app.url}/ping`)).status).toBe(404)
  })
})
