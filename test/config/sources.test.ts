import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Environment } from '../../src/config/environment.ts'
import { loadStatic } from '../../src/config/load-static.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { standardFiles } from '../../src/config/sources.ts'
import type { StaticConfiguration } from '../../src/config/static.ts'
import { temporaryFolder } from '../support/temporary.ts'

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly argv?: readonly string[]
  readonly environment?: Environment
}

interface Loaded {
  readonly configuration: StaticConfiguration | undefined
  readonly problems: readonly string[]
  /** Relative to the working directory. */
  readonly file: string | undefined
  readonly isConfigured: boolean
}

async function load({ files = {}, argv = [], environment = {} }: Given): Promise<Loaded> {
  await using folder = await temporaryFolder()
  for (const [name, content] of Object.entries(files)) await folder.write(name, content)
  const here = (text: string): string => text.replaceAll('$HERE', folder.path)
  const loaded = await loadStatic({
    argv: argv.map(here),
    environment: Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here(value ?? '')])),
    workingDirectory: folder.path,
  })
  return {
    ...loaded,
    problems: loaded.problems.map(formatProblem).map((line) => line.replaceAll(folder.path, '$HERE')),
    file: loaded.file?.replace(`${folder.path}/`, ''),
  }
}

const webOn80 = 'entryPoints:\n  Web:\n    address: :80\n    reusePort: true\n'

describe('The static configuration', () => {
  test('is taken from file, environment and flags, each winning leaf by leaf', async () => {
    const { configuration, problems } = await load({
      files: { 'sluice.yaml': `${webOn80}log: {level: info, format: json}\n` },
      environment: { SLUICE_ENTRYPOINTS_WEB_ADDRESS: ':81', SLUICE_LOG_LEVEL: 'warn', UNRELATED: 'x' },
      argv: ['--LOG.level=debug', '--entryPoints.api.address=:8080'],
    })
    expect(problems).toEqual([])
    expect(configuration?.log).toMatchObject({ level: 'DEBUG', format: 'json' })
    expect([...(configuration?.entryPoints ?? [])]).toMatchObject([
      ['Web', { address: { host: '', port: 81 }, reusePort: true }],
      ['api', { address: { host: '', port: 8080 } }],
    ])
  })

  test('has names from the environment in lower case, and from flags as written first', async () => {
    const { configuration } = await load({
      environment: { SLUICE_ENTRYPOINTS_WEB_ADDRESS: ':1' },
      argv: ['--entryPoints.webSecure.address=:2', '--entrypoints.websecure.reuseport'],
    })
    expect([...(configuration?.entryPoints.keys() ?? [])]).toEqual(['web', 'webSecure'])
    expect(configuration?.entryPoints.get('webSecure')?.reusePort).toBe(true)
  })

  test('lets a variable reach a name of the file that has other characters in it', async () => {
    const { configuration } = await load({
      files: { 'sluice.yaml': 'entryPoints:\n  web-secure_2:\n    address: :80\n' },
      environment: { SLUICE_ENTRYPOINTS_WEB_SECURE_2_ADDRESS: ':81' },
    })
    expect([...(configuration?.entryPoints ?? [])]).toMatchObject([['web-secure_2', { address: { port: 81 } }]])
  })

  test('takes list items by index from variables and flags', async () => {
    const { configuration, problems } = await load({
      environment: {
        SLUICE_ENTRYPOINTS_WEB_ADDRESS: ':1',
        SLUICE_ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS_1_MAIN: 'b',
        SLUICE_ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS_0_MAIN: 'a',
      },
      argv: ['--entrypoints.web.http.tls.domains[0].sans=x,y', '--entrypoints.web.http.tls=true'],
    })
    expect(problems).toEqual([])
    expect(configuration?.entryPoints.get('web')?.http.tls?.domains).toEqual([
      { main: 'a', sans: ['x', 'y'] },
      { main: 'b', sans: [] },
    ])
  })

  test('keeps a section of the file that a flag switches on, and drops one that it switches off', async () => {
    const files = { 'sluice.yaml': 'accessLog:\n  format: json\n' }
    const on = await load({ files, argv: ['--accesslog'] })
    expect(on.configuration?.accessLog?.format).toBe('json')
    const off = await load({ files, argv: ['--accesslog=false'] })
    expect(off.configuration?.accessLog).toBeUndefined()
  })

  test('has dots in the keys of maps of plain values', async () => {
    const { configuration } = await load({ argv: ['--tracing.resourceAttributes.service.version=1.2'] })
    expect(configuration?.tracing?.resourceAttributes).toEqual(new Map([['service.version', '1.2']]))
  })

  test('is not disturbed by the variables of a Kubernetes service called sluice', async () => {
    const environment = {
      SLUICE_SERVICE_HOST: '10.0.0.1',
      SLUICE_SERVICE_PORT: '80',
      SLUICE_SERVICE_PORT_WEB: '80',
      SLUICE_PORT: 'tcp://10.0.0.1:80',
      SLUICE_PORT_80_TCP: 'tcp://10.0.0.1:80',
      SLUICE_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    const { problems, isConfigured } = await load({ environment })
    expect(problems).toEqual([])
    expect(isConfigured).toBe(false)
  })

  test('says whether anything is configured', async () => {
    expect((await load({})).isConfigured).toBe(false)
    expect((await load({ argv: ['--log.level=debug'] })).isConfigured).toBe(true)
    expect((await load({ environment: { SLUICE_LOG_LEVEL: 'debug' } })).isConfigured).toBe(true)
    expect((await load({ files: { 'sluice.toml': '[log]\nlevel = "info"' } })).isConfigured).toBe(true)
    // Else `sluice check my.yaml` would find the embedded default without mistakes.
    expect((await load({ argv: ['my.yaml'] })).isConfigured).toBe(true)
  })

  test('tells the mistakes of all sources at once, each where it was made', async () => {
    const { problems, configuration } = await load({
      files: { 'sluice.yaml': 'log:\n  level: loud\nlog: 1\n' },
      environment: { SLUICE_LOG_FORMAT: 'xml', SLUICE_ENTRYPOINT_WEB_ADDRESS: ':80' },
      argv: ['oops', '--entryPoints.web.address=80'],
    })
    expect(configuration).toBeUndefined()
    expect(problems).toEqual([
      'sluice.yaml:2:10: log.level: "loud" is not known (expected "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" or "PANIC")',
      'sluice.yaml:3:1: duplicate key "log" (first given on line 1)',
      'SLUICE_ENTRYPOINT_WEB_ADDRESS: entrypoint: unknown key (expected global, entryPoints, providers, serversTransport, tcpServersTransport, log, accessLog, tracing, api, ping, experimental, core, workers; did you mean "entryPoints"?)',
      'SLUICE_LOG_FORMAT: log.format: "xml" is not known (expected "common" or "json")',
      '--entryPoints.web.address: entryPoints.web.address: is not an address: "80" (expected [host]:port, such as ":80", "127.0.0.1:8080" or "[::1]:80/tcp"; did you mean ":80"?)',
      'oops: is not a flag (expected --name=value)',
    ])
  })

  test('refuses an index that leaves items out', async () => {
    const { problems } = await load({
      argv: ['--entryPoints.web.address=:1', '--entryPoints.web.http.tls.domains[999999999].main=a'],
    })
    expect(problems).toEqual([
      '--entryPoints.web.http.tls.domains[999999999].main: index 999999999 skips items (expected 0 for the next one)',
    ])
  })
})

describe('The configuration file', () => {
  const level = 'log: {level: debug}'
  test.each<[string, Given, string]>([
    ['sluice.yaml before sluice.yml', { files: { 'sluice.yaml': level, 'sluice.yml': level } }, 'sluice.yaml'],
    ['sluice.yml before sluice.toml', { files: { 'sluice.yml': level, 'sluice.toml': '' } }, 'sluice.yml'],
    ['sluice.toml', { files: { 'sluice.toml': '[log]\nlevel = "debug"' } }, 'sluice.toml'],
    [
      'in $XDG_CONFIG_HOME',
      { files: { 'x/sluice/sluice.yml': level }, environment: { XDG_CONFIG_HOME: '$HERE/x' } },
      'x/sluice/sluice.yml',
    ],
    [
      'in $HOME',
      { files: { '.config/sluice/sluice.yml': level }, environment: { HOME: '$HERE' } },
      '.config/sluice/sluice.yml',
    ],
    [
      'by a relative flag',
      { files: { 'a/b.yaml': level, 'sluice.yaml': 'x: y' }, argv: ['--configFile=a/b.yaml'] },
      'a/b.yaml',
    ],
    [
      'by an absolute flag',
      { files: { 'b.json': '{"log": {"level": "debug"}}' }, argv: ['--configfile', '$HERE/b.json'] },
      'b.json',
    ],
  ])('is found: %s', async (_, given, file) => {
    const loaded = await load(given)
    expect(loaded.problems).toEqual([])
    expect(loaded.file).toBe(file)
    expect(loaded.configuration?.log.level).toBe('DEBUG')
  })

  test('is looked for in the standard places, in order', () => {
    const files = standardFiles({ XDG_CONFIG_HOME: '/x', HOME: '/h' })
    expect(files.filter((file) => file.endsWith('.yaml'))).toEqual([
      'sluice.yaml',
      join('/etc/sluice', 'sluice.yaml'),
      '/x/sluice/sluice.yaml',
      '/h/.config/sluice/sluice.yaml',
    ])
  })

  test.each<[string, Given, string]>([
    ['is missing', { argv: ['--configFile=no.yaml'] }, '--configFile: no such file: no.yaml'],
    ['is a folder', { argv: ['--configFile=.'] }, '--configFile: is a directory, not a file: .'],
    [
      'is empty',
      { files: { 'a.yaml': '# nothing' }, argv: ['--configFile=a.yaml'] },
      'a.yaml:1:1: no configuration found in this file',
    ],
    [
      'has another extension',
      { files: { 'a.ini': 'x' }, argv: ['--configFile=a.ini'] },
      'a.ini:1:1: unsupported file extension (expected .yaml, .yml, .toml or .json)',
    ],
    [
      'has a syntax error',
      { files: { 'a.yaml': 'a: @' }, argv: ['--configFile=a.yaml'] },
      'a.yaml:1:4: plain value cannot start with reserved character @',
    ],
    [
      'is a list',
      { files: { 'a.yaml': '- a' }, argv: ['--configFile=a.yaml', '--log.level=debug'] },
      'a.yaml:1:1: is not a configuration (expected a map with keys such as entryPoints and providers)',
    ],
  ])('is refused when it %s', async (_, given, problem) => {
    const { configuration, problems } = await load(given)
    expect(configuration).toBeUndefined()
    expect(problems).toEqual([problem])
  })

  const dynamic = 'http:\n  routers: {}\n'
  const misplaced = (place: string, name: string): string =>
    `${place}: ${name}: is dynamic configuration, in a static file it has no effect (move it to a file of its own and name that in providers.file.filename)`

  test.each(['http', 'tcp', 'udp', 'tls', 'HTTP'])('may not hold the dynamic section %s', async (name) => {
    const { problems } = await load({ files: { 'sluice.yaml': `${name}: {a: b}\n` } })
    expect(problems).toEqual([misplaced('sluice.yaml:1:1', name)])
  })

  test.each([
    ['filename', 'providers:\n  file:\n    filename: sluice.yaml\n'],
    ['directory', 'providers:\n  file:\n    directory: .\n'],
  ])('may hold dynamic sections when the file provider reads it too, by %s', async (_, provider) => {
    expect((await load({ files: { 'sluice.yaml': `${dynamic}${provider}` } })).problems).toEqual([])
  })

  test('may not hold them when the provider reads another file', async () => {
    const provider = 'providers:\n  file:\n    filename: other.yaml\n'
    const { problems } = await load({ files: { 'sluice.yaml': `${dynamic}${provider}` } })
    expect(problems).toEqual([misplaced('sluice.yaml:1:1', 'http')])
  })

  test('is no help to a flag that sets dynamic configuration', async () => {
    const { problems } = await load({ argv: ['--http.routers.a.rule=x'] })
    expect(problems).toEqual([misplaced('--http.routers.a.rule', 'http')])
  })
})
