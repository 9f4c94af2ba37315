import { describe, expect, test } from 'bun:test'
import { answer, bodyOf, get, Scene, send } from './scene.ts'

describe('an auth server that does not agree in time or at all', () => {
  test.each([
    ['3', 4, '401 Unauthorized'],
    ['4', 4, '200 OK'],
    ['-1', 5000, '200 OK'],
  ])('with maxResponseBodySize %s and an answer of %d bytes means %s', async (limit, bytes, status) => {
    const { got } = await send({ maxResponseBodySize: limit }, answer('200 OK', [], 'x'.repeat(bytes)))
    expect(got).toStartWith(`HTTP/1.1 ${status}\r\n`)
  })

  test('refuses with 401 when its refusal is too large', async () => {
    const { got } = await send({ maxResponseBodySize: 3 }, answer('403 Forbidden', [], 'long'))
    expect(got).toStartWith('HTTP/1.1 401 Unauthorized\r\n')
    expect(bodyOf(got)).toBe('')
  })

  test('and can’t be reached opens no door: 500, nothing in it, and an error in the log', async () => {
    await using scene = await Scene.open()
    const { url } = scene.auth
    scene.auth.stopListening()
    const client = await scene.proxy.connect()
    client.send(get)
    const got = await client.expect('\r\n\r\n')
    expect(got).toStartWith('HTTP/1.1 500 Internal Server Error\r\n')
    expect(bodyOf(got)).toBe('')
    expect(scene.seen).toEqual([])
    expect(scene.proxy.entries.join('')).toMatch(new RegExp(`ERR .*auth server ${url}/verify.*upstream\\.authFailed`))
  })

  test.each([
    ['hangs up', ''],
    ['speaks something else', 'SSH-2.0-x\r\n\r\n'],
    ['breaks off its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
    ['changes protocols', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('and %s opens no door: 500', async (_, bytes) => {
    await using scene = await Scene.open()
    const client = await scene.proxy.connect()
    client.send(get)
    const auth = await scene.auth.request()
    auth.send(bytes).finish()
    expect(await client.expect('\r\n\r\n')).toStartWith('HTTP/1.1 500 ')
    expect(scene.seen).toEqual([])
  })

  test.each<[string, string, string?]>([
    ['does not answer', ''],
    ['does not answer a request that fetch can’t carry', '', 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['has begun its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
  ])('and %s is left alone when the client goes away', async (_, bytes, request = get) => {
    await using scene = await Scene.open()
    const client = await scene.proxy.connect()
    client.send(request)
    const auth = await scene.auth.request()
    auth.send(bytes)
    client.reset()
    await auth.toEnd()
    const exchange = await scene.proxy.finished(1)
    expect(exchange.outcome).toMatchObject({ kind: 'aborted', error: { code: 'client.reset' } })
    expect(scene.seen).toEqual([])
  })
})
