import { join } from 'node:path'
import { makeCertificate, type CertificateFiles } from '../test/support/certificate.ts'
import { startNginx } from '../test/support/nginx.ts'
import { freePorts } from '../test/support/ports.ts'
import { runProgram } from '../test/support/process.ts'
import { startSluice, type RunningSluice } from '../test/support/sluice.ts'
import { temporaryFolder, type TemporaryFolder } from '../test/support/temporary.ts'

/** What every case works with: the proxy between curl and nginx, and what nginx serves. */
interface Stage {
  readonly folder: TemporaryFolder
  readonly sluice: RunningSluice
  readonly certificates: Record<Site, CertificateFiles>
  readonly large: Uint8Array
  readonly uploads: string
}

type Site = 'one.test' | 'two.test' | 'pass.test'

/** Resolves when all is as it must be; otherwise says what came instead. */
type Case = (stage: Stage) => Promise<string | undefined>

const greeting = 'hello from the upstream\n'
const largeBytes = 5 * 1024 * 1024 + 1

const cases: Record<string, Case> = {
  'HTTP: the body comes through': async (stage) => differs(await curl(stage, ['http://one.test/hello.txt']), greeting),
  'HTTP: 5 MiB come through byte for byte': async (stage) => {
    const target = join(stage.folder.path, 'received')
    await curl(stage, ['-o', target, 'http://one.test/large.bin'])
    const received = await Bun.file(target).bytes()
    return Buffer.compare(received, stage.large) === 0 ? undefined : `${received.length} bytes, or other bytes`
  },
  'HTTP: a POST body arrives byte for byte': async (stage) => {
    const source = await stage.folder.write('sent', stage.large)
    const answer = await curl(stage, ['--data-binary', `@${source}`, 'http://one.test/upload'])
    return differs(answer, 'taken\n') ?? (await uploadDiffers(stage, stage.large))
  },
  'HTTP: a chunked upload arrives byte for byte': async (stage) => {
    const sent = stage.large.subarray(0, 300_000)
    const source = await stage.folder.write('sent', sent)
    const chunked = ['-X', 'POST', '-H', 'Transfer-Encoding: chunked', '--data-binary', `@${source}`]
    return differs(await curl(stage, [...chunked, 'http://one.test/upload']), 'taken\n') ?? uploadDiffers(stage, sent)
  },
  'HTTP: HEAD tells the length and has no body': async (stage) => {
    const head = await curl(stage, ['-I', 'http://one.test/large.bin'])
    return new RegExp(`^content-length: ${largeBytes}\r$`, 'im').test(head) ? undefined : head
  },
  'HTTP: the upstream sees host, client and scheme': async (stage) =>
    differs(await curl(stage, ['http://one.test/seen']), 'one.test 127.0.0.1 http\n'),
  'HTTP: a connection is kept alive': async (stage) =>
    differs(
      await curl(stage, ['-w', '%{num_connects}', ...['http://one.test/seen', 'http://one.test/seen']]),
      ['one.test 127.0.0.1 http\n1', 'one.test 127.0.0.1 http\n0'].join(''),
    ),
  'HTTP: a middleware takes the prefix off': async (stage) =>
    differs(await curl(stage, ['http://one.test/stripped/hello.txt']), greeting),
  'HTTP: an unknown host gets 404': async (stage) => differs(await curlStatus(stage, 'http://nobody.test/'), '404'),
  'HTTP: an upstream that is not there gives 502': async (stage) =>
    differs(await curlStatus(stage, 'http://gone.test/'), '502'),
  'HTTPS: one.test gets its own certificate': async (stage) =>
    differs(await curl(stage, [...trusts(stage, 'one.test'), 'https://one.test/seen']), 'one.test 127.0.0.1 https\n'),
  'HTTPS: two.test gets its own certificate': async (stage) =>
    differs(await curl(stage, [...trusts(stage, 'two.test'), 'https://two.test/seen']), 'two.test 127.0.0.1 https\n'),
  'HTTPS: an unknown host gets 404': async (stage) => differs(await curlStatus(stage, 'https://nobody.test/'), '404'),
  'TLS passthrough: the certificate is the upstream’s own': async (stage) =>
    differs(await curl(stage, [...trusts(stage, 'pass.test'), 'https://pass.test/hello.txt']), greeting),
  'TLS passthrough: 5 MiB come through': async (stage) => {
    const length = ['-o', '/dev/null', '-w', '%{size_download}', 'https://pass.test/large.bin']
    return differs(await curl(stage, [...trusts(stage, 'pass.test'), ...length]), String(largeBytes))
  },
  'SIGTERM: it ends by itself with 0': async ({ sluice }) => {
    sluice.signal('SIGTERM')
    const late = Promise.withResolvers<string>()
    const timer = setTimeout(() => late.resolve('it still runs after 20 s'), 20_000)
    const outcome = await Promise.race([sluice.exited, late.promise])
    clearTimeout(timer)
    return outcome === 0 ? undefined : String(outcome)
  },
}

function differs(got: string, wanted: string): string | undefined {
  return got === wanted ? undefined : `wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(got.slice(0, 400))}`
}

function trusts(stage: Stage, site: Site): string[] {
  return ['--cacert', stage.certificates[site].certFile]
}

async function curlStatus(stage: Stage, url: string): Promise<string> {
  return curl(stage, ['-k', '-o', '/dev/null', '-w', '%{http_code}', url])
}

/** URLs are written without a port: every name leads to the entry point of their scheme. */
async function curl({ sluice }: Stage, options: readonly string[]): Promise<string> {
  const { web, websecure } = sluice.ports
  const connectTo = ['--connect-to', `::127.0.0.1:${web}`]
  const secure = options.some((option) => option.startsWith('https:'))
  if (secure) connectTo[1] = `::127.0.0.1:${websecure}`
  const command = ['curl', '-sS', '--max-time', '20', '--noproxy', '*', ...connectTo, ...options]
  const { code, stdout, stderr } = await runProgram(command)
  if (code !== 0) throw new Error(`curl exited with ${code}: ${stderr.trim()}`)
  return stdout
}

/** nginx writes the body it got into a log, after it has answered. */
async function uploadDiffers({ uploads }: Stage, sent: Uint8Array): Promise<string | undefined> {
  const deadline = performance.now() + 5000
  while (performance.now() < deadline) {
    const files = [...new Bun.Glob('**/*').scanSync({ cwd: uploads, absolute: true })]
    for (const file of files) {
      if (Buffer.compare(await Bun.file(file).bytes(), sent) === 0) return undefined
    }
    await Bun.sleep(20)
  }
  return 'the upstream got other bytes'
}

function upstreamConfiguration({ folder, certificates, ports }: UpstreamPlan): string {
  const { certFile, keyFile } = certificates['pass.test']
  return `  client_max_body_size 16m;
  server {
    listen 127.0.0.1:${ports.http};
    listen 127.0.0.1:${ports.tls} ssl;
    ssl_certificate ${certFile};
    ssl_certificate_key ${keyFile};
    root ${folder}/site;
    location = /seen { return 200 "$host $http_x_forwarded_for $http_x_forwarded_proto\\n"; }
    location = /upload {
      client_body_in_file_only on;
      client_body_temp_path ${folder}/uploads;
      proxy_pass http://127.0.0.1:${ports.http}/sink;
    }
    location = /sink { client_body_in_file_only off; return 200 "taken\\n"; }
  }`
}

interface UpstreamPlan {
  readonly folder: string
  readonly certificates: Record<Site, CertificateFiles>
  readonly ports: { readonly http: number; readonly tls: number; readonly nobody: number }
}

function staticConfiguration(folder: string): string {
  return `entryPoints:
  web: { address: "127.0.0.1:0" }
  websecure: { address: "127.0.0.1:0" }
providers:
  file: { filename: "${folder}/dynamic.yaml" }
`
}

function dynamicConfiguration({ certificates, ports }: UpstreamPlan): string {
  const files = (site: Site) =>
    `{ certFile: "${certificates[site].certFile}", keyFile: "${certificates[site].keyFile}" }`
  return `http:
  routers:
    plain: { rule: "Host(\`one.test\`)", entryPoints: [web], service: app }
    stripped: { rule: "Host(\`one.test\`) && PathPrefix(\`/stripped\`)", middlewares: [strip], service: app }
    secure: { rule: "Host(\`one.test\`) || Host(\`two.test\`)", entryPoints: [websecure], service: app, tls: {} }
    gone: { rule: "Host(\`gone.test\`)", service: gone }
  middlewares:
    strip: { stripPrefix: { prefixes: [/stripped] } }
  services:
    app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${ports.http}" }] } }
    gone: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${ports.nobody}" }] } }
tcp:
  routers:
    pass: { rule: "HostSNI(\`pass.test\`)", entryPoints: [websecure], service: pass, tls: { passthrough: true } }
  services:
    pass: { loadBalancer: { servers: [{ address: "127.0.0.1:${ports.tls}" }] } }
tls:
  certificates: [${files('one.test')}, ${files('two.test')}]
`
}

async function runCase(name: string, check: Case, stage: Stage): Promise<boolean> {
  const startedAt = performance.now()
  const problem = await check(stage).catch((error: unknown) => String(error))
  const durationMs = Math.round(performance.now() - startedAt)
  console.log(problem === undefined ? `ok    ${name} (${durationMs} ms)` : `FAIL  ${name}: ${problem}`)
  return problem === undefined
}

async function runAll(): Promise<{ passed: number; failed: number }> {
  await using folder = await temporaryFolder()
  const certificates = {
    'one.test': await makeCertificate(folder.path, 'one.test'),
    'two.test': await makeCertificate(folder.path, 'two.test'),
    'pass.test': await makeCertificate(folder.path, 'pass.test'),
  }
  const [http = 0, tls = 0, nobody = 0] = await freePorts(3)
  const plan = { folder: folder.path, certificates, ports: { http, tls, nobody } }
  const large = crypto.getRandomValues(new Uint8Array(65_536))
  const largeFile = Buffer.alloc(largeBytes, large)
  await folder.write('site/hello.txt', greeting)
  await folder.write('site/large.bin', largeFile)
  await using _upstream = await startNginx({ folder: folder.path, http: upstreamConfiguration(plan), port: http })
  await folder.write('dynamic.yaml', dynamicConfiguration(plan))
  const configuration = await folder.write('static.yaml', staticConfiguration(folder.path))
  await using sluice = await startSluice([`--configFile=${configuration}`])
  const stage: Stage = { folder, sluice, certificates, large: largeFile, uploads: join(folder.path, 'uploads') }
  const counts = { passed: 0, failed: 0 }
  for (const [name, check] of Object.entries(cases)) {
    counts[(await runCase(name, check, stage)) ? 'passed' : 'failed']++
  }
  if (counts.failed > 0) console.log(`\nwhat sluice wrote:\n${sluice.output}`)
  return counts
}

const absent = ['curl', 'openssl', 'nginx'].filter(
  (program) => Bun.which(program, { PATH: `${process.env.PATH}:/usr/sbin` }) === null,
)
if (absent.length > 0) {
  const skipped = Object.keys(cases).length
  console.log(`smoke: 0 passed, 0 failed, ${skipped} SKIPPED: ${absent.join(', ')} not here`)
} else {
  const { passed, failed } = await runAll()
  console.log(`smoke: ${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
