import { connect as connectTls } from 'node:tls'
import { beforeAll, describe, expect, test } from 'bun:test'
import { craftHello, serverName } from '../listen/client-hellos.ts'
import { within } from '../provider/within.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawEcho, rawServer, type RawServer } from '../support/raw-server.ts'
import { buildExecutable, curl, startProxy } from './proxy.ts'
import { openssl } from './openssl.ts'

beforeAll(buildExecutable, 60_000)

const passthrough = { tls: { passthrough: true } }
const terminated = { tls: {} }

function tcpServices(servers: Readonly<Record<string, RawServer>>) {
  return Object.fromEntries(
    Object.entries(servers).map(([name, { address }]) => [name, { loadBalancer: { servers: [{ address }] } }]),
  )
}

/** Greets with its name, then gives everything back. */
function greeter(name: string): Promise<RawServer> {
  return rawServer((connection) => {
    connection.write(`${name} here\n`)
    connection.socket.pipe(connection.socket)
  })
}

describe('a TCP router', () => {
  test('terminates TLS and gives the plaintext to its service, both ways', async () => {
    using echo = await rawEcho()
    await using proxy = await startProxy({
      dynamic: {
        tcp: {
          routers: { t: { rule: 'HostSNI(`t.test`)', service: 'echo', ...terminated } },
          services: tcpServices({ echo }),
        },
      },
    })
    const client = connectTls({ port: proxy.port(), servername: 't.test', rejectUnauthorized: false })
    const sent = Buffer.alloc(3_000_000, crypto.getRandomValues(new Uint8Array(4099)))
    const pieces: Buffer[] = []
    const whole = new Promise<void>((resolve) => {
      client.on('data', (piece) => {
        pieces.push(Buffer.from(piece as Buffer))
        if (pieces.reduce((sum, { length }) => sum + length, 0) >= sent.length) resolve()
      })
    })
    client.write(sent)
    await within(whole, 'the echo')
    expect(Buffer.compare(Buffer.concat(pieces), sent)).toBe(0)
    client.destroy()
  })

  test('for every name without TLS lets the server speak first', async () => {
    using first = await greeter('server')
    await using proxy = await startProxy({
      dynamic: {
        tcp: { routers: { every: { rule: 'HostSNI(`*`)', service: 'first' } }, services: tcpServices({ first }) },
      },
    })
    using client = await rawClient(proxy.port())
    await client.waitFor(/server here/)
    client.write('and back')
    await client.waitFor(/and back/)
  })

  test('with a name but without TLS is refused with its place', async () => {
    using echo = await rawEcho()
    await using proxy = await startProxy({
      dynamic: {
        tcp: { routers: { t: { rule: 'HostSNI(`t.test`)', service: 'echo' } }, services: tcpServices({ echo }) },
      },
    })
    await proxy.sluice.waitFor(/dynamic\.yaml:1:\d+: tcp\.routers\.t\.rule: has HostSNI matcher, but no TLS on router/)
  })
})

describe('an entry point with HTTPS and TCP routers', () => {
  async function mixed(withCatchAll: boolean) {
    const t = await greeter('t')
    const every = await greeter('every')
    const whoami = { service: 'whoami@internal', tls: {} }
    const catchAll = { rule: 'PathPrefix(`/`)', ...whoami }
    const proxy = await startProxy({
      static: {
        entryPoints: { web: { address: '127.0.0.1:0', transport: { respondingTimeouts: { readTimeout: '300ms' } } } },
      },
      dynamic: {
        http: { routers: { h: { rule: 'Host(`h.test`)', ...whoami }, ...(withCatchAll ? { catchAll } : {}) } },
        tcp: {
          routers: {
            t: { rule: 'HostSNI(`t.test`)', service: 't', ...terminated },
            every: { rule: 'HostSNI(`*`)', service: 'every', ...terminated },
          },
          services: tcpServices({ t, every }),
        },
      },
    })
    return {
      port: proxy.port(),
      [Symbol.asyncDispose]: async () => {
        t[Symbol.dispose]()
        every[Symbol.dispose]()
        await proxy[Symbol.asyncDispose]()
      },
    }
  }

  /** Who answers: the greeting of a TCP service, or the status line of HTTPS. */
  async function answerTo(port: number, name: string | undefined): Promise<string> {
    const named = name === undefined ? ['-noservername'] : ['-servername', name]
    const { output } = await openssl(port, {
      options: named,
      input: `GET / HTTP/1.1\r\nHost: ${name ?? 'x'}\r\nConnection: close\r\n\r\n`,
      until: /here\n|HTTP\/1\.1 \d+/,
    })
    return /(\w+) here\n|HTTP\/1\.1 \d+/.exec(output)?.[0].trim() ?? output
  }

  test.each([
    ['h.test', 'HTTP/1.1 200'],
    ['t.test', 't here'],
    ['x.test', 'HTTP/1.1 200'],
    [undefined, 'HTTP/1.1 200'],
  ])('with an HTTPS catch-all sends the server name %p to: %s', async (name, answer) => {
    await using proxy = await mixed(true)
    expect(await answerTo(proxy.port, name)).toBe(answer)
  })

  test.each([
    ['h.test', 'HTTP/1.1 200'],
    ['t.test', 't here'],
    ['x.test', 'every here'],
    [undefined, 'every here'],
  ])('without an HTTPS catch-all sends the server name %p to: %s', async (name, answer) => {
    await using proxy = await mixed(false)
    expect(await answerTo(proxy.port, name)).toBe(answer)
  })

  test('answers plain HTTP with 404, and cuts a silent client after the read time-out', async () => {
    await using proxy = await mixed(true)
    expect((await curl(proxy.port, 'http://h.test/')).status).toBe(404)
    const startedAt = performance.now()
    using silent = await rawClient(proxy.port)
    await within(silent.ended, 'the cut')
    expect(performance.now() - startedAt).toBeGreaterThan(250)
    expect(silent.text).toBe('')
  })
})

describe('PostgreSQL’s SSLRequest', () => {
  const sslRequest = Buffer.from('0000000804d2162f', 'hex')
  const hello = craftHello({ extensions: [serverName('t.test')] })

  async function database(router: object, server: RawServer) {
    return startProxy({
      dynamic: {
        tcp: {
          routers: { t: { rule: 'HostSNI(`t.test`)', service: 'db', ...router } },
          services: tcpServices({ db: server }),
        },
      },
    })
  }

  test('is answered with S, and TLS is terminated then', async () => {
    using server = await greeter('db')
    await using folder = await database(terminated, server)
    const { output } = await openssl(folder.port(), {
      options: ['-starttls', 'postgres', '-servername', 't.test'],
      until: /db here\n/,
    })
    expect(output).toContain('db here')
  })

  test('is made to the server too when TLS passes through', async () => {
    using server = await rawServer()
    await using proxy = await database(passthrough, server)
    using client = await rawClient(proxy.port())
    client.write(sslRequest)
    await client.waitFor(/^S$/)
    client.write(hello)
    const accepted = await server.accept()
    await accepted.waitFor((bytes) => bytes.equals(sslRequest))
    accepted.write('S')
    await accepted.waitFor((bytes) => bytes.equals(Buffer.concat([sslRequest, hello])))
    accepted.write('from the database')
    await client.waitFor(/^Sfrom the database$/)
  })

  test.each(['N', 'Sand more', 'E'])('ends the connection when the server answers %p', async (answer) => {
    using server = await rawServer()
    await using proxy = await database(passthrough, server)
    using client = await rawClient(proxy.port())
    client.write(Buffer.concat([sslRequest, hello]))
    const accepted = await server.accept()
    await accepted.waitFor((bytes) => bytes.equals(sslRequest))
    accepted.write(answer)
    await within(client.ended, 'the end')
    expect(client.text).toBe('S')
    expect(accepted.bytes).toEqual(sslRequest)
  })

  test('is closed for a name that no TCP router has', async () => {
    using server = await rawServer()
    await using proxy = await database(passthrough, server)
    using client = await rawClient(proxy.port())
    client.write(Buffer.concat([sslRequest, craftHello({ extensions: [serverName('other.test')] })]))
    await within(client.ended, 'the end')
    expect(server.acceptedCount).toBe(0)
  })

  test('is passed to a server that is not for TLS, whole', async () => {
    using server = await rawServer()
    await using proxy = await startProxy({
      dynamic: {
        tcp: { routers: { every: { rule: 'HostSNI(`*`)', service: 'db' } }, services: tcpServices({ db: server }) },
      },
    })
    using client = await rawClient(proxy.port())
    client.write(sslRequest)
    const accepted = await server.accept()
    await accepted.waitFor((bytes) => bytes.equals(sslRequest))
  })
})
