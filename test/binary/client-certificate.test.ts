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

async function signedClient(): Promise<readonly string[]> {
  const file = (name: string) => join(folder.path, name)
  const request = [
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=client',
    '-keyout',
    file('c.key'),
    '-out',
    file('c.csr'),
  ]
  const authorityFiles = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial']
  const sign = ['x509', '-req', '-in', file('c.csr'), ...authorityFiles, '-days', '2', '-out', file('c.crt')]
  for (const step of [request, sign]) {
    const { code, stderr } = await runProgram(['openssl', ...step])
    if (code !== 0) throw new Error(stderr)
  }
  return ['--cert', file('c.crt'), '--key', file('c.key')]
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
