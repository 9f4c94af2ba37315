import { describe, expect, test } from 'bun:test'
import { parseDocument } from '../../src/config/document.ts'
import { decodeDynamic, type DynamicDecoding } from '../../src/config/dynamic.ts'
import { sourceWithin } from '../../src/config/dynamic-element.ts'
import { formatProblem } from '../../src/config/problem.ts'

interface DecodeOptions {
  readonly provider?: string
  readonly isStaticFile?: boolean
}

function decode(text: string, options: DecodeOptions = {}): DynamicDecoding {
  const document = parseDocument({ file: 'd.yaml', text, format: 'yaml' })
  expect(document.problems).toEqual([])
  return decodeDynamic(document.node, { provider: 'file', file: 'd.yaml', text, ...options })
}

function problemsOf(text: string, options: DecodeOptions = {}): string[] {
  return decode(text, options).problems.map(formatProblem)
}

describe('a dynamic configuration', () => {
  test('has the defaults of Traefik', () => {
    const { configuration, problems } = decode(
      [
        'http:',
        '  routers: { r: { rule: "Path(`/`)", service: s, tls: {} } }',
        '  services: { s: { loadBalancer: { servers: [{ url: "http://127.0.0.1" }] } } }',
        '  serversTransports: { t: { insecureSkipVerify: true } }',
        'tcp:',
        '  routers: { r: { rule: "HostSNI(`*`)", service: s } }',
        '  services: { s: { loadBalancer: { servers: [{ address: "[::1]:5432" }] } } }',
        '  serversTransports: { t: { dialTimeout: 5 } }',
      ].join('\n'),
    )
    expect(problems).toEqual([])
    const { rule, ...router } = configuration.httpRouters.get('r')?.value ?? {}
    expect(rule?.text).toBe('Path(`/`)')
    expect(router).toEqual({
      service: 's',
      entryPoints: undefined,
      middlewares: [],
      priority: 0n,
      ruleSyntax: undefined,
      tls: { options: undefined, domains: [] },
      observability: { accessLogs: undefined, metrics: undefined, tracing: undefined, traceVerbosity: undefined },
    })
    expect(configuration.httpServersTransports.get('t')?.value).toEqual({
      serverName: undefined,
      insecureSkipVerify: true,
      rootCAs: [],
      certificates: [],
      maxIdleConnsPerHost: 0,
      minVersion: undefined,
      maxVersion: undefined,
      disableHTTP2: false,
      cipherSuites: undefined,
      peerCertURI: undefined,
      peerCertSANs: [],
      forwardingTimeouts: {
        dialTimeout: 30_000,
        responseHeaderTimeout: 0,
        idleConnTimeout: 90_000,
        readIdleTimeout: 0,
        pingTimeout: 15_000,
      },
    })
    expect(configuration.tcpRouters.get('r')?.value).toMatchObject({ service: 's', priority: 0n, tls: undefined })
    expect(configuration.tcpServices.get('s')?.value.options.servers).toEqual([
      { address: { host: '::1', port: 5432 }, tls: false },
    ])
    expect(configuration.tcpServersTransports.get('t')?.value).toEqual({
      dialKeepAlive: 15_000,
      dialTimeout: 5000,
      terminationDelay: 100,
    })
  })

  test('may be empty', () => {
    expect(problemsOf('')).toEqual([])
    expect(problemsOf('http:\n  routers:\n')).toEqual([])
    expect(problemsOf('http: { routers: {}, middlewares: {} }')).toEqual([])
  })

  test('takes keys in any case and keeps the case of names', () => {
    const { configuration, problems } = decode('HTTP: { ROUTERS: { MyApp: { Rule: "Path(`/`)", SERVICE: s } } }')
    expect(problems).toEqual([])
    expect([...configuration.httpRouters.keys()]).toEqual(['MyApp'])
  })
})

describe('a mistake', () => {
  const router = (options: string): string =>
    `http: { routers: { a: { rule: "Path(\`/\`)", service: s, ${options} } } }`

  test.each([
    [
      'in a rule',
      'http: { routers: { a: { service: s, rule: "Pth(`/`)" } } }',
      /^d\.yaml:1:44: http\.routers\.a\.rule: unknown matcher "Pth" \(did you mean Path\?/,
    ],
    [
      'in the second line of a rule',
      'http:\n  routers:\n    a:\n      service: s\n      rule: |\n        Path(`/`) ||\n          Nope(`x`)',
      /^d\.yaml:7:11: http\.routers\.a\.rule: unknown matcher "Nope"/,
    ],
    [
      'in a rule behind escaped quotes',
      'http: { routers: { a: { service: s, rule: "Path(\\"/\\") || Nope(`x`)" } } }',
      /^d\.yaml:1:59: /,
    ],
    [
      'in a rule behind doubled quotes',
      "http: { routers: { a: { service: s, rule: 'Path(`/''`) || Nope(`x`)' } } }",
      /^d\.yaml:1:59: /,
    ],
    [
      'of a missing rule',
      'http: { routers: { a: { service: s } } }',
      /^d\.yaml:1:\d+: http\.routers\.a\.rule: is required/,
    ],
    ['of an empty rule', 'http: { routers: { a: { service: s, rule: "" } } }', /http\.routers\.a\.rule: is empty/],
    [
      'of a missing service',
      'http: { routers: { a: { rule: "Path(`/`)" } } }',
      /http\.routers\.a\.service: is required/,
    ],
    ['of spelling', router('serivce: x'), /http\.routers\.a\.serivce: unknown key .*did you mean "service"\?/],
    [
      'of a priority beyond the maximum',
      router('priority: 9223372036854774808'),
      /exceeds the greatest priority .*9223372036854774807/,
    ],
    [
      'of a priority that is no number',
      router('priority: high'),
      /http\.routers\.a\.priority: is not a whole number: "high"/,
    ],
    ['of the old rule syntax', router('ruleSyntax: v2'), /http\.routers\.a\.ruleSyntax: v2 is not supported yet/],
    ['of parentRefs', router('parentRefs: [x]'), /http\.routers\.a\.parentRefs: not supported yet/],
    [
      'of a certResolver',
      router('tls: { certResolver: le }'),
      /http\.routers\.a\.tls\.certResolver: not supported yet/,
    ],
    [
      'of the verbosity of traces',
      router('observability: { traceVerbosity: loud }'),
      /traceVerbosity: "loud" is not known \(expected "minimal" or "detailed"\)/,
    ],
    [
      'of a cipher suite that is insecure',
      'http: { serversTransports: { a: { cipherSuites: [TLS_RSA_WITH_RC4_128_SHA] } } }',
      /serversTransports\.a\.cipherSuites\[0\]: TLS_RSA_WITH_RC4_128_SHA is not supported/,
    ],
    [
      'of versions the wrong way round',
      'http: { serversTransports: { a: { minVersion: VersionTLS13, maxVersion: VersionTLS12 } } }',
      /serversTransports\.a: maxVersion VersionTLS12 is below minVersion VersionTLS13/,
    ],
    [
      'of a name of no kind',
      'http: { serversTransports: { a: { peerCertSANs: [{ type: IP, value: x }] } } }',
      /peerCertSANs\[0\]\.type: "IP" is not known \(expected "URI" or "DNSName"\)/,
    ],
    ['of a middleware without kind', 'http: { middlewares: { a: {} } }', /http\.middlewares\.a: has no kind/],
    [
      'of a middleware of an unknown kind',
      'http: { middlewares: { a: { stripPrefx: {} } } }',
      /did you mean "stripPrefix"\?/,
    ],
    [
      'of a transport',
      'http: { serversTransports: { a: { spiffe: {} } } }',
      /serversTransports\.a\.spiffe: not supported yet/,
    ],
    [
      'of a TCP rule',
      'tcp: { routers: { a: { service: s, rule: "Host(`a`)" } } }',
      /^d\.yaml:1:43: tcp\.routers\.a\.rule: unknown matcher "Host"/,
    ],
    [
      'of a TCP address',
      'tcp: { services: { a: { loadBalancer: { servers: [{ address: "nowhere" }] } } } }',
      /address: is not an address: "nowhere"/,
    ],
    [
      'of a TCP port',
      'tcp: { services: { a: { loadBalancer: { servers: [{ address: "a:70000" }] } } } }',
      /address: port is out of range: 70000/,
    ],
    [
      'of TLS to a TCP server',
      'tcp: { services: { a: { loadBalancer: { servers: [{ address: "a:1", tls: true }] } } } }',
      /tls: TLS towards a TCP server is not supported yet/,
    ],
    [
      'of a weighted TCP service',
      'tcp: { services: { a: { weighted: {} } } }',
      /tcp\.services\.a\.weighted: not supported yet/,
    ],
    [
      'of a TCP middleware',
      'tcp: { middlewares: { a: { ipAllowList: {} } } }',
      /tcp\.middlewares\.a\.ipAllowList: not supported yet/,
    ],
    [
      'of a certificate without key',
      'tls: { certificates: [{ certFile: a }] }',
      /tls\.certificates\[0\]\.keyFile: is required/,
    ],
    [
      'of TLS options',
      'tls: { options: { a: { minVersion: TLS12 } } }',
      /tls\.options\.a\.minVersion: "TLS12" is not known/,
    ],
    ['of UDP', 'udp: { routers: {} }', /^d\.yaml:1:1: udp: not supported yet/],
    [
      'of a static section',
      'entryPoints: { web: {} }',
      /^d\.yaml:1:1: entryPoints: is static configuration: it belongs in the file given by --configFile/,
    ],
    [
      'of an unknown section',
      'htpp: {}',
      /^d\.yaml:1:1: htpp: unknown key \(expected http, tcp, tls, udp; did you mean "http"\?\)/,
    ],
    [
      'of an unknown section inside',
      'http: { router: {} }',
      /^d\.yaml:1:9: http\.router: unknown key .*did you mean "routers"\?/,
    ],
    ['of two spellings of a section', 'http: { routers: {}, Routers: {} }', /http\.Routers: is given twice/],
    ['of a section that is a list', 'http: { routers: [] }', /http\.routers: is a list \(expected a map of names\)/],
    [
      'of a certificate list that is a map',
      'tls: { certificates: {} }',
      /tls\.certificates: is a map \(expected a list\)/,
    ],
    ['of a section that is text', 'http: routers', /http: is "routers" \(expected a map\)/],
    ['of the whole', '- http', /^d\.yaml:1:1: is a list \(expected a map\)/],
  ])('%s is told with its place', (_, text, message) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(message)
  })

  test('costs its element and no other', () => {
    const { configuration, failed, problems } = decode(
      [
        'http:',
        '  routers:',
        '    good: { rule: "Path(`/`)", service: app }',
        '    bad: { rule: "Path(", service: app, nope: 1 }',
        '  services:',
        '    good: { loadBalancer: { servers: [] } }',
        '    bad: { loadBalancer: { servrs: [] } }',
        '  middlewares:',
        '    good: { stripPrefix: { prefixes: [/a] } }',
        '    bad: { stripPrefix: { prefixs: [/a] } }',
        '  nonsense: 1',
        'tls: { certificates: [{ certFile: a }, { certFile: a, keyFile: b }] }',
        'log: {}',
      ].join('\n'),
    )
    const { httpRouters, httpServices, httpMiddlewares, tlsCertificates } = configuration
    expect([...httpRouters.keys(), ...httpServices.keys(), ...httpMiddlewares.keys()]).toEqual(['good', 'good', 'good'])
    expect([...tlsCertificates.keys()]).toEqual(['d.yaml[1]'])
    expect(failed.map(({ path, problems: own }) => [path, own.length])).toEqual([
      ['http.routers.bad', 2],
      ['http.services.bad', 1],
      ['http.middlewares.bad', 1],
      ['tls.certificates[0]', 1],
    ])
    expect(problems).toHaveLength(7)
  })

  test('of a whole section fails all that may have been in it', () => {
    const { failed } = decode('tls: 1\nhttp: { routers: [] }')
    expect(failed.map(({ section, name }) => [section, name])).toEqual([
      ['tlsCertificates', undefined],
      ['tlsOptions', undefined],
      ['tlsStores', undefined],
      ['httpRouters', undefined],
    ])
  })
})

describe('what is allowed elsewhere', () => {
  test('static sections in the static file itself', () => {
    expect(problemsOf('entryPoints: {}\nproviders: {}\nlog: {}', { isStaticFile: true })).toEqual([])
    expect(problemsOf('entryPionts: {}', { isStaticFile: true })[0]).toContain('did you mean "entryPoints"?')
  })

  test('the greatest priorities for the internal provider', () => {
    const text = 'http: { routers: { api: { rule: "Path(`/`)", service: s, priority: 9223372036854775807 } } }'
    expect(problemsOf(text, { provider: 'internal' })).toEqual([])
  })
})

describe('an element', () => {
  const text = 'http:\n  routers:\n    a: { rule: "Path(`/`)", service: s, middlewares: [x, y] } # first\n'
  const element = decode(text).configuration.httpRouters.get('a')

  test.each([
    ['its name', [], { line: 3, column: 8 }],
    ['its service', ['service'], { line: 3, column: 38 }],
    ['its second middleware', ['middlewares', 1], { line: 3, column: 58 }],
    ['what is not written', ['tls', 'options'], { line: 3, column: 5 }],
  ])('knows the place of %s', (_, keys, place) => {
    if (element === undefined) throw new Error('there is a router')
    expect(sourceWithin(element, keys)).toEqual({ kind: 'file', file: 'd.yaml', ...place })
  })

  test('has the same fingerprint wherever it stands, and another when a value changes', () => {
    const fingerprint = (written: string): string | undefined =>
      decode(written).configuration.httpRouters.get('a')?.fingerprint
    const moved =
      '# moved\nhttp:\n  routers:\n    a:\n      service: s\n      middlewares: [x, y]\n      rule: Path(`/`)\n'
    expect(fingerprint(moved)).toBe(element?.fingerprint)
    expect(fingerprint(text.replace('y]', 'z]'))).not.toBe(element?.fingerprint)
  })
})
