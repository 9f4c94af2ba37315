import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../src/errors.ts'
import { bytesBody, emptyBody, textBody } from '../../src/http/body.ts'
import { peekBody } from '../../src/http/peek-body.ts'
import { pullBody } from '../../src/http/pull-body.ts'
import { readText } from '../support/request.ts'

describe('a peeked body', () => {
  test('tells its first piece and is still whole', async () => {
    const pieces = [Buffer.from('one'), Buffer.from('two')]
    const source = pullBody({
      read: () => Promise.resolve(pieces.shift()),
      cancel: () => {},
      trailers: () => ['A', 'b'],
    })
    const { first, body } = await peekBody(source)
    expect(Buffer.from(first!).toString()).toBe('one')
    expect(body.length).toBeUndefined()
    expect(await readText(body)).toBe('onetwo')
    expect(body.trailers).toEqual(['A', 'b'])
  })

  test('keeps its length', async () => {
    expect((await peekBody(textBody('hello'))).body.length).toBe(5)
  })

  test('may be empty', async () => {
    const { first, body } = await peekBody(emptyBody)
    expect(first).toBeUndefined()
    expect(await body.read()).toBeUndefined()
  })

  test('gives its first piece to nobody once it is cancelled', async () => {
    let cancelledWith: ProxyError | undefined
    const source = bytesBody(Buffer.from('x'))
    source.cancel = (reason) => void (cancelledWith = reason)
    const { body } = await peekBody(source)
    const reason = new ProxyError('client.reset', 'gone')
    body.cancel(reason)
    expect(cancelledWith).toBe(reason)
    expect(await body.read()).toBeUndefined()
  })
})
