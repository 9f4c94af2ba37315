import { describe, expect, test } from 'bun:test'
import { makeCertificate } from '../../support/certificate.ts'
import { WireProxy } from '../../support/proxy.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { answering, WireUpstream } from '../../support/wire-upstream.ts'
import { configuration, get, served } from './scene.ts'

describe('TLS to the auth server', () => {
  /** The status that a client gets when the auth server shows `a.test`'s certificate, by these options. */
  async function statusWith(
    optionsFor: (files: { ca: string; cert: string; key: string }) => object,
    server: { requestCert?: boolean } = {},
  ): Promise<number> {
    await using folder = await temporaryFolder()
    const { cert, key, certFile, keyFile } = await makeCertificate(folder.path, '127.0.0.1', 'localhost')
    const mutual = server.requestCert === true ? { ca: cert, requestCert: true, rejectUnauthorized: true } : {}
    await using auth = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert, key, ...mutual },
      fetch: () => new Response(),
    })
    await using upstream = new WireUpstream(answering(served))
    const tls = optionsFor({ ca: certFile, cert: certFile, key: keyFile })
    const dynamic = configuration(`https://127.0.0.1:${auth.port}/`, upstream.url, { tls })
    await using proxy = await WireProxy.start({ dynamic })
    const client = await proxy.connect()
    client.send(get)
    return Number((await client.expect('\r\n\r\n')).split(' ')[1])
  }

  test('is refused with a certificate that nobody vouches for', async () => {
    expect(await statusWith(() => ({ insecureSkipVerify: false }))).toBe(500)
  })

  test('works with its authority', async () => {
    expect(await statusWith(({ ca }) => ({ ca }))).toBe(200)
  })

  test('works with insecureSkipVerify', async () => {
    expect(await statusWith(() => ({ insecureSkipVerify: true }))).toBe(200)
  })

  test('shows a certificate where one is asked for', async () => {
    expect(await statusWith((files) => files, { requestCert: true })).toBe(200)
    expect(await statusWith(({ ca }) => ({ ca }), { requestCert: true })).toBe(500)
  })
})
