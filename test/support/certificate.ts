import { join } from 'node:path'
import { runProgram } from './process.ts'

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** A self-signed certificate for these names, made by openssl in `folder`; the certificate is its own authority. */
export async function makeCertificate(folder: string, ...names: [string, ...string[]]): Promise<CertificateFiles> {
  const stem = names[0].replaceAll('*', 'any')
  const certFile = join(folder, `${stem}.crt`)
  const keyFile = join(folder, `${stem}.key`)
  const { code, stderr } = await runProgram([
    'openssl',
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${names.map(subjectAlternative).join(',')}`],
    ...['-keyout', keyFile, '-out', certFile],
  ])
  if (code !== 0) throw new Error(`openssl: ${stderr}`)
  return { certFile, keyFile, cert: await Bun.file(certFile).text(), key: await Bun.file(keyFile).text() }
}

function subjectAlternative(name: string): string {
  return /^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`
}
