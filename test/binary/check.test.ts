import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { runProgram } from '../support/process.ts'
import { executable, startSluice } from '../support/sluice.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { buildExecutable } from './proxy.ts'

beforeAll(buildExecutable, 60_000)

interface Checked {
  readonly code: number
  readonly stdout: string
}

/** `sluice check` of a dynamic file, in a folder of its own; `<folder>/` is cut out of what it prints. */
async function check(dynamic: string, ...flags: readonly string[]): Promise<Checked> {
  await using folder = await temporaryFolder()
  const file = await folder.write('d.yaml', dynamic)
  const text = `entryPoints: { web: { address: ":0" } }\nproviders: { file: { filename: ${file} } }\n`
  const configuration = await folder.write('s.yaml', text)
  const command = [executable, 'check', `--configFile=${configuration}`, ...flags]
  const { code, stdout } = await runProgram(command, { cwd: folder.path })
  return { code, stdout: stdout.replaceAll(`${folder.path}/`, '') }
}

const http = (section: string, ...lines: readonly string[]) =>
  `http:\n  ${section}:\n    x:\n${lines.map((line) => `      ${line}\n`).join('')}`
const router = (...lines: readonly string[]) => http('routers', ...lines)
const whoami = 'service: whoami@internal'
const everything = 'rule: PathPrefix(`/`)'

describe('sluice check', () => {
  test('ends with 0 when nothing is wrong', async () => {
    expect(await check(router(everything, whoami))).toEqual({ code: 0, stdout: 's.yaml: no mistakes\n' })
  })

  test('ends with 0 for the embedded default', async () => {
    await using folder = await temporaryFolder()
    const { code, stdout } = await runProgram([executable, 'check'], { cwd: folder.path })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'no configuration found, the embedded default: no mistakes\n' })
  })

  test.each<[mistake: string, document: string]>([
    [
      'd.yaml:4:7: http.routers.x.ruel: unknown key (…; did you mean "rule"?)',
      router('ruel: PathPrefix(`/`)', everything, whoami),
    ],
    ['d.yaml:4:13: http.routers.x.rule: the arguments of …', router('rule: PathPrefix(`/`', whoami)],
    ['d.yaml:4:13: http.routers.x.rule: …Pth…did you mean…', router('rule: Pth(`/`)', whoami)],
    ['d.yaml:4:7: http.routers.x.service: is required…', router(everything)],
    ['d.yaml:5:16: http.routers.x.service: the service "no@file" does not exist', router(everything, 'service: no')],
    [
      'd.yaml:6:21: http.routers.x.middlewares[0]: the middleware "a@file" does not exist',
      router(everything, whoami, 'middlewares: [a, b]'),
    ],
    [
      'd.yaml:6:24: http.routers.x.middlewares[1]: the middleware "b@file" does not exist',
      router(everything, whoami, 'middlewares: [a, b]'),
    ],
    [
      'd.yaml:6:20: http.routers.x.entryPoints: no valid entryPoint for this router',
      router(everything, whoami, 'entryPoints: [webb]'),
    ],
    [
      'd.yaml:6:23: http.routers.x.tls.options: unknown or broken TLS options "o@file"',
      router(everything, whoami, 'tls: { options: o }'),
    ],
    ['d.yaml:6:17: http.routers.x.priority: …', router(everything, whoami, 'priority: high')],
    ['d.yaml:4:17: http.services.x.failover.fallback: is required…', http('services', 'failover: { service: a }')],
    [
      'd.yaml:4:7: http.services.x.loadBalancr: unknown kind of service (…; did you mean "loadBalancer"?)',
      http('services', 'loadBalancr: {}'),
    ],
    [
      'd.yaml:4:40: http.services.x.loadBalancer.servers[0].url: …',
      http('services', 'loadBalancer: { servers: [{ url: "nowhere" }] }'),
    ],
    [
      'd.yaml:4:7: http.services.x: the serversTransport "t@file" does not exist',
      http('services', 'loadBalancer: { serversTransport: t }'),
    ],
    [
      'd.yaml:5:7: http.middlewares.x: has more than one kind: …',
      http('middlewares', 'addPrefix: { prefix: /a }', 'stripPrefix: { prefixes: [/a] }'),
    ],
    ['d.yaml:4:7: http.middlewares.x: …"y@file" does not exist', http('middlewares', 'chain: { middlewares: [y] }')],
    ['d.yaml:1:22: tls.certificates: is "5" (expected a list)', 'tls: { certificates: 5 }'],
    [
      'd.yaml:1:23: tls.certificates[0]: no such file, and not PEM text: "/no.crt"',
      'tls: { certificates: [{ certFile: /no.crt, keyFile: /no.key }] }',
    ],
    [
      'd.yaml:1:36: tls.options.o.minVersion: "1.2" is not known (expected "VersionTLS10"…)',
      'tls: { options: { o: { minVersion: "1.2" } } }',
    ],
    [
      'd.yaml:1:22: tls.options.o: no such file, and not PEM text: "/no.pem"',
      'tls: { options: { o: { clientAuth: { caFiles: [/no.pem] } } } }',
    ],
    [
      'd.yaml:1:55: tcp.routers.t.service: the service "no@file" does not exist',
      'tcp: { routers: { t: { rule: "HostSNI(`*`)", service: no } } }',
    ],
    ['d.yaml:1:1: entryPoints: is static configuration: …', 'entryPoints: {}'],
    ['d.yaml:1:1: htpp: unknown key (…; did you mean "http"?)', 'htpp: {}'],
    ['d.yaml:1:8: …', 'http: ['],
  ])('finds %s', async (mistake, document) => {
    const { code, stdout } = await check(document)
    const pattern = mistake.split('…').map(RegExp.escape).join('.*')
    expect(stdout).toMatch(new RegExp(`^${pattern}$`, 'm'))
    expect(code).toBe(1)
  })

  test('refuses a TCP router whose middlewares are not there: an allow list must not be skipped', async () => {
    const { code, stdout } = await check(
      'tcp:\n  routers:\n    t: { rule: "HostSNI(`*`)", service: s, middlewares: [only] }\n  services:\n    s: { loadBalancer: { servers: [{ address: "127.0.0.1:1" }] } }\n',
    )
    expect(stdout).toContain('tcp.routers.t.middlewares: the middleware "only@file" does not exist')
    expect(code).toBe(1)
  })

  test('reads the dynamic files in spite of mistakes in the static configuration, each element by itself', async () => {
    const document = router('ruel: PathPrefix(`/`)', everything, 'service: no')
    const { code, stdout } = await check(document, '--metrics.prometheus', '--log.level=loud')
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => line.replace(/ \(expected.*/, ''))).toEqual([
      'd.yaml:4:7: http.routers.x.ruel: unknown key',
      '--log.level: log.level: "loud" is not known',
      '--metrics.prometheus: metrics: not supported yet',
      's.yaml: 3 errors, 0 warnings; how the dynamic elements fit together was not looked at',
    ])
    expect(code).toBe(1)
  })

  test.each([
    ['tls.stores.other', 'tls: { stores: { other: { defaultCertificate: { certFile: a, keyFile: b } } } }'],
    ['tls.certificates[0].stores[0]', 'tls: { certificates: [{ certFile: a, keyFile: b, stores: [other] }] }'],
  ])('warns of a TLS store that is not the default one: %s', async (place, document) => {
    const { code, stdout } = await check(document)
    expect(stdout).toContain(': warning: has no effect, for only the store "default" is ever asked')
    expect(stdout).toContain(place)
    expect(code).toBe(0)
  })

  test('prints JSON for tools', async () => {
    const { code, stdout } = await check(router(everything, 'service: no'), '--format=json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      problems: [
        {
          severity: 'error',
          file: 'd.yaml',
          line: 5,
          column: 16,
          path: 'http.routers.x.service',
          message: 'the service "no@file" does not exist',
        },
      ],
    })
    const good = await check(router(everything, whoami), '--format=json')
    expect({ ...good, stdout: JSON.parse(good.stdout) }).toEqual({ code: 0, stdout: { valid: true, problems: [] } })
  })

  test('tells a static file’s mistakes as well', async () => {
    await using folder = await temporaryFolder()
    const file = await folder.write('s.yaml', 'entryPoints: { web: { address: 80000 } }\n')
    const { code, stdout } = await runProgram([executable, 'check', `--configFile=${file}`])
    expect(stdout).toMatch(/s\.yaml:1:32: entryPoints\.web\.address: /)
    expect(code).toBe(1)
  })

  test('opens no port, and so works while the proxy runs', async () => {
    const probe = createServer()
    const port = await new Promise<number>((resolve) => {
      probe.listen(0, '127.0.0.1', () => resolve((probe.address() as { port: number }).port))
    })
    await new Promise((resolve) => probe.close(resolve))
    const flags = [`--entryPoints.web.address=127.0.0.1:${port}`]
    await using sluice = await startSluice(flags)
    const { code, stdout } = await runProgram([executable, 'check', ...flags])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'the configuration: no mistakes\n' })
    expect(sluice.ports['web']).toBe(port)
  })

  test('ends with 2 at a format that it does not have', async () => {
    const { code, stderr } = await runProgram([executable, 'check', '--format=xml'])
    expect(stderr).toContain('"xml" is not a format')
    expect(code).toBe(2)
  })
})
