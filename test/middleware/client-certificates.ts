import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { runProgram } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

export interface MadeCertificate {
  readonly der: Uint8Array
  readonly pem: string
}

const names = `
0.DC = org
1.DC = cheese
C = FR
ST = Some, State
L = Toulouse
0.O = Cheese
1.O = Cheese é
0.OU = Simple Signing Section
1.OU = Second Section
CN = *.example.org
serialNumber = 12345
emailAddress = simple@signing.test
`

const altNames = [
  'URI:https://a.test/x',
  'IP:10.0.1.0',
  'email:test@example.org',
  'DNS:*.example.org',
  'IP:2001:db8::1',
  'DNS:b.test',
]

/** A certificate with every attribute that may be told of, some of them twice, and serial number 2^70. */
export async function richCertificate(): Promise<MadeCertificate> {
  const sections = ['[req]', 'distinguished_name = dn', 'prompt = no', 'utf8 = yes', 'string_mask = utf8only']
  const extensions = ['x509_extensions = v3', `[v3]`, `subjectAltName = ${altNames.join(',')}`]
  return make([...sections, ...extensions, '[dn]', names].join('\n'), String(2n ** 70n))
}

/** A certificate with a common name and nothing else. */
export async function plainCertificate(): Promise<MadeCertificate> {
  return make('[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = plain', '7')
}

async function make(configuration: string, serial: string): Promise<MadeCertificate> {
  await using folder = await temporaryFolder()
  const config = await folder.write('openssl.cnf', configuration)
  const out = join(folder.path, 'certificate.pem')
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    join(folder.path, 'key'),
  ]
  const { code, stderr } = await runProgram([
    ...['openssl', 'req', '-x509', '-days', '2', '-set_serial', serial, '-config', config, '-out', out],
    ...key,
  ])
  if (code !== 0) throw new Error(`openssl: ${stderr}`)
  const pem = await Bun.file(out).text()
  return { pem, der: new Uint8Array(new X509Certificate(pem).raw) }
}
