import { describe, expect, test } from 'bun:test'
import { bytesBody, type Body } from '../../src/http/body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { grpcWeb } from '../../src/middleware/grpc-web.ts'
import { buildMiddleware } from '../support/middleware.ts'
import { asObject, makeRequest, makeResponse, pass, readText } from '../support/request.ts'

const message = Buffer.from([0, 0, 0, 0, 3, 1, 2, 3])
const trailerText = 'grpc-status: 0\r\ngrpc-message: ok\r\n'
const trailerFrame = Buffer.concat([Buffer.from([0x80, 0, 0, 0, trailerText.length]), Buffer.from(trailerText)])

function withTrailers(piece: Buffer): Body {
  const pieces: Uint8Array[] = [piece]
  return pullBody({
    length: undefined,
    read: () => Promise.resolve(pieces.shift()),
    cancel: () => {},
    trailers: () => ['Grpc-Status', '0', 'Grpc-Message', 'ok'],
  })
}

function answer(): ReturnType<typeof makeResponse> {
  return makeResponse({ headers: ['Content-Type', 'application/grpc+proto'], body: withTrailers(message) })
}

async function readAll(body: Body): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) pieces.push(piece)
  return Buffer.concat(pieces)
}

function call(type: string, body: Body, headers: string[] = []) {
  const request = makeRequest({ method: 'POST', headers: ['Content-Type', type, ...headers], body })
  return pass(buildMiddleware(grpcWeb, { allowOrigins: ['https://a.test'] }), request, answer())
}

describe('grpcWeb', () => {
  test('makes a plain call of a binary one, and puts the trailers behind the answer', async () => {
    const { received, response } = await call('application/grpc-web+proto', bytesBody(message))
    expect(asObject(received!.headers)).toEqual({ 'Content-Type': 'application/grpc+proto', Te: 'trailers' })
    expect(await readAll(received!.body)).toEqual(message)
    expect(asObject(response.headers)).toEqual({ 'Content-Type': 'application/grpc-web+proto' })
    expect(await readAll(response.body)).toEqual(Buffer.concat([message, trailerFrame]))
  })

  test.each([
    ['one piece', [message.toString('base64')]],
    ['pieces cut anywhere', message.toString('base64').split('')],
    ['padding in the middle', [message.subarray(0, 1).toString('base64'), message.subarray(1).toString('base64')]],
  ])('reads base64 in %s', async (_, texts) => {
    const pieces = texts.map((text) => Buffer.from(text))
    const body = pullBody({ length: undefined, read: () => Promise.resolve(pieces.shift()), cancel: () => {} })
    const { received, response } = await call('application/grpc-web-text', body)
    expect(await readAll(received!.body)).toEqual(message)
    const text = await readText(response.body)
    const runs = text.match(/[^=]+=*/g)!.map((run) => Buffer.from(run, 'base64'))
    expect(Buffer.concat(runs)).toEqual(Buffer.concat([message, trailerFrame]))
  })

  test.each([['AAA'], ['A=AA'], ['AA A']])('fails a body that is not base64: %s', async (text) => {
    const { received } = await call('application/grpc-web-text', bytesBody(Buffer.from(text)))
    expect(readAll(received!.body)).rejects.toMatchObject({ code: 'client.malformed' })
  })

  test('lets an allowed origin read the answer', async () => {
    const { response } = await call('application/grpc-web', bytesBody(message), ['Origin', 'https://a.test'])
    expect(asObject(response.headers)).toMatchObject({
      'Access-Control-Allow-Origin': 'https://a.test',
      'Access-Control-Expose-Headers': 'content-type, grpc-status, grpc-message',
    })
  })

  test('says nothing to another origin', async () => {
    const { response } = await call('application/grpc-web', bytesBody(message), ['Origin', 'https://b.test'])
    expect(asObject(response.headers)).not.toHaveProperty('Access-Control-Allow-Origin')
  })

  test('answers a preflight itself', async () => {
    const asked = ['Access-Control-Request-Method', 'POST', 'Access-Control-Request-Headers', 'content-type,x-grpc-web']
    const request = makeRequest({ method: 'OPTIONS', headers: ['Origin', 'https://a.test', ...asked] })
    const { received, response } = await pass(buildMiddleware(grpcWeb, { allowOrigins: '*' }), request)
    expect(received).toBeUndefined()
    expect(response.status).toBe(204)
    expect(asObject(response.headers)).toMatchObject({
      'Access-Control-Allow-Origin': 'https://a.test',
      'Access-Control-Allow-Headers': 'content-type,x-grpc-web',
    })
  })

  test.each([['application/grpc'], ['application/grpc-webby'], ['text/plain']])('leaves %s alone', async (type) => {
    const { received, response } = await call(type, bytesBody(message))
    expect(asObject(received!.headers)).toEqual({ 'Content-Type': type })
    expect(asObject(response.headers)).toEqual({ 'Content-Type': 'application/grpc+proto' })
  })
})
