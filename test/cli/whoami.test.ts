import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { runWhoami, serveWhoami } from '../../src/cli/whoami.ts'
import type { Listener } from '../../src/net/listen.ts'

describe('sluice whoami', () => {
  let listener: Listener
  let origin: string

  beforeAll(() => {
    listener = serveWhoami({ host: '127.0.0.1', port: 0, name: 'tested' })
    origin = `http://127.0.0.1:${listener.port}`
  })
  afterAll(() => listener.stop())

  test('answers over the wire with the request it got', async () => {
    const response = await fetch(`${origin}/a?b=c`, { method: 'POST', body: 'hello', headers: { 'X-Seen': 'yes' } })
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).toStartWith('Name: tested\nHostname: ')
    expect(text).toContain('\nPOST /a?b=c HTTP/1.1\n')
    expect(text).toContain('\nX-Seen: yes\n')
  })

  test('sends a sized body whole', async () => {
    const response = await fetch(`${origin}/data?size=300&unit=KB`)
    const bytes = await response.bytes()
    expect(bytes.length).toBe(300 * 1024)
    expect(Buffer.from(bytes.subarray(0, 4)).toString()).toBe('|ABC')
    expect(bytes.at(-1)).toBe('|'.charCodeAt(0))
  })

  test('ends with 1 when the port is taken', async () => {
    expect(await runWhoami({ host: '127.0.0.1', port: listener.port, name: undefined })).toBe(1)
  })
})
