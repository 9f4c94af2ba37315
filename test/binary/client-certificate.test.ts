import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { makeCertificate, type CertificateFiles } from '../support/certificate.ts'
import { runProgram } from '../support/process.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary.ts'
import { buildExecutable, curl, startProxy, type Curled, type Proxy } from './proxy.ts'

let folder: TemporaryFolder
let authority: CertificateFiles
const clients: Record<string, readonly string[]> = { none: [] }

beforeAll(async () => {
  await buildExecutable()
  folder = await temporaryFolder()
  authority = await makeCertificate(folder.path, 'authority.test')
  const stranger = await makeCertificate(folder.path, 'stranger.test')
  clients['stranger'] = ['--cert', stranger.certFile, '--key', stranger.keyFile]
  clients['signed'] = await signedClient()
}, 60_000)

afterAll(() => folder[Symbol.asyncDispose]())

interface Signing {
  readonly name: string
  readonly by: { readonly certFile: string; readonly keyFile: string }
  readonly isAuthority?: boolean
}

async function sign({ name, by, isAuthority = false }: Signing): Promise<{ certFile: string; keyFile: string }> {
  const [certFile, keyFile, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((end) =>
    join(folder.path, `${name}.${end}`),
  ) as [string, string, string, string]
  await Bun.write(extensions, `basicConstraints=CA:${String(isAuthority).toUpperCase()}`)
  const steps = [
    ['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request],
    [
      ...['x509', '-req', '-in', request, '-CA', by.certFile, '-CAkey', by.keyFile, '-CAcreateserial', '-days', '2'],
      ...['-extfile', extensions, '-out', certFile],
    ],
  ]
  for (const step of steps) {
    const { code, stderr } = await runProgram(['openssl', ...step])
    if (code !== 0) throw new Error(stderr)
  }
  return { certFile, keyFile }
}

async function signedClient(): Promise<readonly string[]> {
  const { certFile, keyFile } = await sign({ name: 'client', by: authority })
  return ['--cert', certFile, '--key', keyFile]
}

function startWith(clientAuthType: string | undefined): Promise<Proxy> {
  const needsAuthority = clientAuthType === undefined || clientAuthType.includes('Verify')
  const clientAuth = {
    ...(clientAuthType === undefined ? {} : { clientAuthType }),
    ...(needsAuthority ? { caFiles: [authority.certFile] } : {}),
  }
  const dynamic = {
    http: { routers: { whoami: { rule: 'PathPrefix(`/`)', service: 'whoami@internal', tls: {} } } },
    tls: { options: { default: { clientAuth } } },
  }
  return startProxy({ dynamic })
}

function outcome({ status }: Curled): 'served' | 'refused' {
  return status === 200 ? 'served' : 'refused'
}

describe('clientAuthType', () => {
  test.each([
    ['NoClientCert', { none: 'served', stranger: 'served', signed: 'served' }],
    ['RequestClientCert', { none: 'served', stranger: 'served', signed: 'served' }],
    ['RequireAnyClientCert', { none: 'refused', stranger: 'served', signed: 'served' }],
    ['VerifyClientCertIfGiven', { none: 'served', stranger: 'refused', signed: 'served' }],
    ['RequireAndVerifyClientCert', { none: 'refused', stranger: 'refused', signed: 'served' }],
    [undefined, { none: 'refused', stranger: 'refused', signed: 'served' }],
  ])('%s treats clients as %j', async (type, expected) => {
    await using proxy = await startWith(type)
    for (const version of ['1.2', '1.3']) {
      const limits = ['-k', '--tls-max', version, `--tlsv${version}`]
      const seen: Record<string, string> = {}
      for (const [name, options] of Object.entries(clients)) {
        seen[name] = outcome(await curl(proxy.port(), 'https://a.test/', ...limits, ...options))
      }
      expect({ version, ...seen }).toEqual({ version, ...expected })
    }
  })
})

describe('passTLSClientCert', () => {
  test.each([
    ['the leaf alone', 0],
    ['the leaf and an intermediate', 1],
  ])('tells of what the client has sent and of no certificate in caFiles: %s', async (_, intermediates) => {
    const middle = await sign({ name: 'middle', by: authority, isAuthority: true })
    const leaf = await sign({ name: 'leaf', by: intermediates === 0 ? authority : middle })
    const texts = [leaf, middle].slice(0, intermediates + 1).map(({ certFile }) => Bun.file(certFile).text())
    const sent = await Promise.all(texts)
    const file = join(folder.path, 'sent.pem')
    await Bun.write(file, sent.join(''))
    await using proxy = await startProxy({
      dynamic: {
        http: {
          routers: { all: { rule: 'PathPrefix(`/`)', service: 'whoami@internal', middlewares: ['pem'], tls: {} } },
          middlewares: { pem: { passTLSClientCert: { pem: true } } },
        },
        tls: { options: { default: { clientAuth: { caFiles: [authority.certFile] } } } },
      },
    })
    const { body } = await curl(proxy.port(), 'https://a.test/', '-k', '--cert', file, '--key', leaf.keyFile)
    const told = /^X-Forwarded-Tls-Client-Cert: (.*)$/m.exec(body)?.[1]
    const base64 = sent.map((pem) => pem.replaceAll(/-----[^-]+-----|\s/g, ''))
    expect(told?.split(',')).toEqual(base64)
  })
})
