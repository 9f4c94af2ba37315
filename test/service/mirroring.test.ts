import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { textBody } from '../../src/http/body.ts'
import type { Handler, HttpRequest } from '../../src/http/message.ts'
import { mirroring } from '../../src/service/mirroring.ts'
import { within } from '../provider/within.ts'
import { problemsOf } from '../support/middleware.ts'
import { makeRequest, makeResponse, readText } from '../support/request.ts'
import { buildService, scopeOf } from '../support/service.ts'

/** A mirror that writes down the bodies it gets. */
class Recorder {
  readonly bodies: string[] = []
  #changed = Promise.withResolvers<void>()

  readonly handler: Handler = async (request) => {
    this.bodies.push(await readText(request.body))
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
    return makeResponse()
  }

  async got(count: number): Promise<void> {
    while (this.bodies.length < count) await within(this.#changed.promise, `copy ${count}`)
  }
}

const echo: Handler = async (request) => makeResponse({ body: textBody(`main ${await readText(request.body)}`) })

function build(options: object, handlers: Readonly<Record<string, Handler>>) {
  const services = Object.entries({ main: echo, ...handlers }).map(
    ([name, handler]) => [name, { handler, status: undefined }] as const,
  )
  const { handler } = buildService(mirroring, { service: 'main', ...options }, scopeOf(Object.fromEntries(services)))
  return async (body: string, parts: Partial<HttpRequest> = {}) => {
    const response = await handler({ ...makeRequest({ method: 'POST', body: textBody(body) }), ...parts })
    return readText(response.body)
  }
}

describe('mirroring', () => {
  test('answers with the main service, and sends the mirror a copy with its body', async () => {
    const mirror = new Recorder()
    const ask = build({ mirrors: [{ name: 'mirror', percent: 100 }] }, { mirror: mirror.handler })
    expect(await ask('ping')).toBe('main ping')
    await mirror.got(1)
    expect(mirror.bodies).toEqual(['ping'])
  })

  test.each([
    [10, 10],
    [33, 33],
    [50, 50],
    [100, 100],
  ])('mirrors %p percent exactly', async (percent, expected) => {
    const mirror = new Recorder()
    const ask = build({ mirrors: [{ name: 'mirror', percent }] }, { mirror: mirror.handler })
    for (let turn = 0; turn < 100; turn++) await ask('x')
    await mirror.got(expected)
    expect(mirror.bodies).toHaveLength(expected)
  })

  test('answers although the mirror never does', async () => {
    const ask = build({ mirrors: [{ name: 'dead', percent: 100 }] }, { dead: () => new Promise(() => {}) })
    for (let turn = 0; turn < 5; turn++) expect(await within(ask('x'), 'the answer')).toBe('main x')
  })

  test('answers although the mirror fails, and goes on to the next mirror', async () => {
    const mirror = new Recorder()
    const failing = () => Promise.reject(new ProxyError('upstream.refused', 'test'))
    const mirrors = [
      { name: 'failing', percent: 100 },
      { name: 'mirror', percent: 100 },
    ]
    const ask = build({ mirrors }, { failing, mirror: mirror.handler })
    expect(await ask('x')).toBe('main x')
    await mirror.got(1)
  })

  test('mirrors no body that is longer than maxBodySize, nor any with mirrorBody: false', async () => {
    const mirror = new Recorder()
    const mirrors = [{ name: 'mirror', percent: 100 }]
    const limited = build({ mirrors, maxBodySize: 4 }, { mirror: mirror.handler })
    expect(await limited('12345')).toBe('main 12345')
    expect(await limited('1234')).toBe('main 1234')
    await mirror.got(1)
    const bodiless = build({ mirrors, mirrorBody: false }, { mirror: mirror.handler })
    expect(await bodiless('12345')).toBe('main 12345')
    await mirror.got(2)
    expect(mirror.bodies).toEqual(['1234', ''])
  })

  test('mirrors a body of which every byte was read, though its end was not', async () => {
    const mirror = new Recorder()
    const main: Handler = async ({ body }) => {
      await body.read()
      body.cancel(new ProxyError('upstream.reset', 'answered'))
      return makeResponse()
    }
    const ask = build({ mirrors: [{ name: 'mirror', percent: 100 }] }, { main, mirror: mirror.handler })
    await ask('ping')
    await mirror.got(1)
    expect(mirror.bodies).toEqual(['ping'])
  })

  test('holds no more copies for a mirror that hangs than the budget allows', async () => {
    let asked = 0
    const hanging = () => {
      asked++
      return new Promise<never>(() => {})
    }
    const ask = build({ mirrors: [{ name: 'hanging', percent: 100 }] }, { hanging })
    const body = 'x'.repeat(8 * 1024 * 1024)
    for (let turn = 0; turn < 12; turn++) expect((await ask(body)).length).toBe(body.length + 5)
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    expect(asked).toBe(8)
  })

  test('mirrors a request whose main service failed, but none whose client is gone', async () => {
    const mirror = new Recorder()
    let fails = true
    const main: Handler = async (request) => {
      await readText(request.body)
      if (fails) throw new ProxyError('upstream.refused', 'test')
      request.exchange.cancel(new ProxyError('client.reset', 'test'))
      return makeResponse()
    }
    const ask = build({ mirrors: [{ name: 'mirror', percent: 100 }] }, { main, mirror: mirror.handler })
    await expect(ask('first')).rejects.toThrow('test')
    fails = false
    await ask('second')
    fails = true
    await expect(ask('third')).rejects.toThrow('test')
    await mirror.got(2)
    expect(mirror.bodies).toEqual(['first', 'third'])
  })

  test.each([
    [{ service: 'a', mirrors: [{ name: 'b', percent: 101 }] }, 'mirrors[0].percent: is out of range'],
    [{ service: 'a', maxBodySize: -2 }, 'maxBodySize: is out of range'],
    [{ mirrors: [] }, 'service: is required'],
  ])('refuses %j with "%s"', (options, message) => {
    expect(problemsOf(mirroring, options).join('\n')).toContain(message)
  })
})
