import { afterAll, describe, expect, test } from 'bun:test'
import { readText } from '../support/request.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { get, transportOptions, transports } from '../support/transport.ts'

const folder = await temporaryFolder()
afterAll(() => folder[Symbol.asyncDispose]())

function echo(request: Request): Response {
  return new Response(`${request.headers.get('host')} ${new URL(request.url).pathname}`)
}

describe.each(transports)('%s reaches', (way, build) => {
  async function ask(url: string): Promise<string> {
    const transport = build(transportOptions())
    try {
      return await readText((await get(transport, url, { target: '/x' })).body)
    } catch (thrown) {
      return (thrown as { code: string }).code
    } finally {
      transport.close()
    }
  }

  test('an IPv6 address', async () => {
    const server = Bun.serve({ hostname: '::1', port: 0, fetch: echo })
    expect(await ask(`http://[::1]:${server.port}`)).toBe('a.test /x')
    await server.stop(true)
  })

  test('a name', async () => {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: echo })
    expect(await ask(`http://localhost:${server.port}`)).toBe('a.test /x')
    await server.stop(true)
  })

  test('a Unix socket', async () => {
    const path = `${folder.path}/${way}.sock`
    const server = Bun.serve({ unix: path, fetch: echo })
    expect(await ask(`unix:${path}`)).toBe('a.test /x')
    expect(await ask(`unix://${path}`)).toBe('a.test /x')
    await server.stop(true)
  })

  test('nobody at a Unix socket that is not there, and says so', async () => {
    expect(await ask(`unix:${folder.path}/none.sock`)).toBe('upstream.refused')
  })
})
