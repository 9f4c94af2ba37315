import { describe, expect, test } from 'bun:test'
import { type DocumentFormat, parseDocument } from '../../src/config/document.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { decodeStatic, type EntryPointConfiguration, type StaticConfiguration } from '../../src/config/static.ts'

interface Decoded {
  readonly configuration: StaticConfiguration | undefined
  readonly problems: readonly string[]
}

function decode(text: string, format: DocumentFormat = 'yaml'): Decoded {
  const { node, problems } = parseDocument({ file: 'file', text, format })
  expect(problems).toEqual([])
  if (node === undefined) throw new Error('a document without problems has a node')
  const decoded = decodeStatic(node)
  return { configuration: decoded.configuration, problems: decoded.problems.map(formatProblem) }
}

function configurationOf(text: string, format: DocumentFormat = 'yaml'): StaticConfiguration {
  const { configuration, problems } = decode(text, format)
  expect(problems).toEqual([])
  if (configuration === undefined) throw new Error('a configuration without problems is decoded')
  return configuration
}

function entryPointOf(settings: string): EntryPointConfiguration | undefined {
  return configurationOf(`entryPoints: {web: {address: ":80", ${settings}}}`).entryPoints.get('web')
}

describe('The static configuration', () => {
  test('guesses that a key of an entry point is indented too little', () => {
    const { problems } = decode('entryPoints:\n  web:\n  address: ":80"')
    expect(problems).toEqual([
      'file:3:12: entryPoints.address: is ":80" (expected a map; is "address" indented too little?)',
    ])
    expect(decode('entryPoints: { http: ":80" }').problems).toEqual([
      'file:1:22: entryPoints.http: is ":80" (expected a map)',
    ])
  })

  test("has Traefik's defaults", () => {
    const configuration = configurationOf('')
    expect([...configuration.entryPoints]).toEqual([
      [
        'http',
        {
          address: { host: '', port: 80 },
          reusePort: false,
          asDefault: false,
          transport: {
            lifeCycle: { requestAcceptGraceTimeout: 0, graceTimeOut: 10_000 },
            respondingTimeouts: { readTimeout: 60_000, writeTimeout: 0, idleTimeout: 180_000 },
            keepAliveMaxTime: 0,
            keepAliveMaxRequests: 0,
          },
          proxyProtocol: undefined,
          forwardedHeaders: {
            insecure: false,
            trustedIPs: [],
            connection: [],
            notAppendXForwardedFor: false,
            addXForwardedSchemeHeaders: false,
          },
          http: {
            redirections: undefined,
            middlewares: [],
            tls: undefined,
            encodedCharacters: undefined,
            encodeQuerySemicolons: false,
            sanitizePath: true,
            maxHeaderBytes: 1_048_576,
            underscoreHeadersStrategy: 'keep',
          },
          http2: { maxConcurrentStreams: 250, maxDecoderHeaderTableSize: 4096, maxEncoderHeaderTableSize: 4096 },
          http3: undefined,
          observability: { accessLogs: true, metrics: true, tracing: true, traceVerbosity: 'minimal' },
        },
      ],
    ])
    expect(configuration).toMatchObject({
      providers: { providersThrottleDuration: 2000, file: undefined },
      serversTransport: {
        insecureSkipVerify: false,
        rootCAs: [],
        maxIdleConnsPerHost: 200,
        forwardingTimeouts: { dialTimeout: 30_000, responseHeaderTimeout: 0, idleConnTimeout: 90_000 },
      },
      tcpServersTransport: { dialTimeout: 30_000, dialKeepAlive: 15_000, terminationDelay: 0 },
      log: { level: 'ERROR', format: 'common', noColor: false, filePath: undefined },
      accessLog: undefined,
      tracing: undefined,
      experimental: { fastProxy: undefined },
    })
    expect(configuration.providers.precedence).toHaveLength(17)
  })

  test('is the same in TOML', () => {
    const text =
      '[entryPoints.web]\naddress = "127.0.0.1:8080"\n[accessLog]\nformat = "json"\n[serversTransport]\nmaxIdleConnsPerHost = 7\n'
    const configuration = configurationOf(text, 'toml')
    expect(configuration.entryPoints.get('web')?.address).toEqual({ host: '127.0.0.1', port: 8080 })
    expect(configuration.accessLog?.format).toBe('json')
    expect(configuration.serversTransport.maxIdleConnsPerHost).toBe(7)
  })

  test('switches the access log on with its defaults', () => {
    expect(configurationOf('accessLog: {}').accessLog).toEqual({
      filePath: undefined,
      format: 'common',
      filters: { statusCodes: [], retryAttempts: false, minDuration: 0 },
      fields: {
        defaultMode: 'keep',
        names: new Map(),
        headers: { defaultMode: 'drop', names: new Map() },
        queryParameters: { defaultMode: 'keep' },
      },
      bufferingSize: 0,
      addInternals: false,
      dualOutput: false,
    })
  })

  test('has all settings of the access log', () => {
    const text = `
accessLog:
  filters: {statusCodes: ["200", 300-302], minDuration: 10ms}
  fields:
    names: {ClientUsername: drop}
    headers: {names: {Authorization: redact}}
`
    expect(configurationOf(text).accessLog).toMatchObject({
      filters: {
        statusCodes: [
          { from: 200, to: 200 },
          { from: 300, to: 302 },
        ],
        minDuration: 10,
      },
      fields: {
        names: new Map([['ClientUsername', 'drop']]),
        headers: { names: new Map([['Authorization', 'redact']]) },
      },
    })
  })

  test.each([
    'tracing: {sampleRate: 0.5}',
    'tracing: {sampleRate: 0.5, otlp: {}}',
    'tracing: {sampleRate: 0.5, otlp: {http: true}}',
  ])('exports spans to the default endpoint with %s', (text) => {
    expect(configurationOf(text).tracing).toEqual({
      serviceName: 'traefik',
      sampleRate: 0.5,
      addInternals: false,
      resourceAttributes: new Map(),
      capturedRequestHeaders: [],
      capturedResponseHeaders: [],
      safeQueryParams: [],
      otlp: { http: { endpoint: 'https://localhost:4318', headers: new Map(), tls: undefined } },
    })
  })

  test('takes globalAttributes as an older name of resourceAttributes', () => {
    const { configuration } = decode('tracing: {globalAttributes: {a: "1", b: "1"}, resourceAttributes: {b: "2"}}')
    expect(configuration?.tracing?.resourceAttributes).toEqual(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
  })

  test.each([
    ['true', { debug: false }],
    ['{}', { debug: false }],
    ['{debug: true}', { debug: true }],
    ['false', undefined],
  ])('has fastProxy: %s', (written, expected) => {
    expect(configurationOf(`experimental: {fastProxy: ${written}}`).experimental.fastProxy).toEqual(expected)
  })

  test('has a file provider that watches', () => {
    expect(configurationOf('providers: {file: {filename: a.yaml}}').providers.file).toEqual({
      filename: 'a.yaml',
      directory: undefined,
      watch: true,
      debugLogGeneratedTemplate: false,
    })
  })
})

describe('An entry point', () => {
  test.each([
    [':80', { host: '', port: 80 }],
    [':0', { host: '', port: 0 }],
    ['127.0.0.1:8080/tcp', { host: '127.0.0.1', port: 8080 }],
    ['localhost:8080/TCP', { host: 'localhost', port: 8080 }],
    ['[::1]:443', { host: '::1', port: 443 }],
  ])('listens on %s', (address, expected) => {
    const { entryPoints } = configurationOf(`entryPoints: {web: {address: "${address}"}}`)
    expect(entryPoints.get('web')?.address).toEqual(expected)
  })

  const expected = '(expected [host]:port, such as ":80", "127.0.0.1:8080" or "[::1]:80/tcp")'
  test.each([
    ['', `is not an address: "" ${expected}`],
    ['localhost', `is not an address: "localhost" ${expected}`],
    ['::1:80', `is not an address: "::1:80" ${expected}`],
    ['[1.2.3.4]:80', `is not an address: "[1.2.3.4]:80" ${expected}`],
    [':80/tcp/x', `is not an address: ":80/tcp/x" ${expected}`],
    [':65536', `port 65536 is out of range ${expected}`],
    [':80/sctp', `unknown protocol "sctp" ${expected}`],
    [':80/udp', `UDP entry points are not supported yet ${expected}`],
    ['80', `is not an address: "80" ${expected.slice(0, -1)}; did you mean ":80"?)`],
  ])('does not listen on %j', (address, message) => {
    expect(decode(`entryPoints:\n  web:\n    address: "${address}"`).problems).toEqual([
      `file:3:14: entryPoints.web.address: ${message}`,
    ])
  })

  test.each([
    ['proxyProtocol: true', { proxyProtocol: { insecure: false, trustedIPs: [] } }],
    ['forwardedHeaders: {trustedIPs: "10.0.0.0/8, ::1"}', { forwardedHeaders: { trustedIPs: ['10.0.0.0/8', '::1'] } }],
    ['http3: {}', { http3: { advertisedPort: 0 } }],
    ['http3: {advertisedPort: 443}', { http3: { advertisedPort: 443 } }],
    ['http: {tls: {}}', { http: { tls: { options: undefined, domains: [] } } }],
    [
      'http: {tls: {options: strict, domains: [{main: a.test}]}}',
      { http: { tls: { options: 'strict', domains: [{ main: 'a.test', sans: [] }] } } },
    ],
    [
      'http: {redirections: {entryPoint: {to: ":443"}}}',
      {
        http: {
          redirections: {
            entryPoint: { to: ':443', scheme: 'https', permanent: true, priority: 9223372036854775806n },
          },
        },
      },
    ],
    [
      'http: {encodedCharacters: {allowEncodedSlash: false}}',
      { http: { encodedCharacters: { allowEncodedSlash: false, allowEncodedHash: true } } },
    ],
    ['http: {maxHeaderBytes: 4096}', { http: { maxHeaderBytes: 4096 } }],
    [
      'transport: {respondingTimeouts: {readTimeout: 5}}',
      { transport: { respondingTimeouts: { readTimeout: 5000, idleTimeout: 180_000 } } },
    ],
  ])('takes %s', (settings, expected) => {
    expect(entryPointOf(settings)).toMatchObject(expected)
  })

  test.each([
    [
      'http2: {maxConcurrentStreams: -1}',
      'entryPoints.web.http2.maxConcurrentStreams: is out of range: -1 (expected a whole number from 0 to 2147483647)',
    ],
    [
      'http3: {advertisedPort: 70000}',
      'entryPoints.web.http3.advertisedPort: is out of range: 70000 (expected a whole number from 0 to 65535)',
    ],
    ['http3: {port: 443}', 'entryPoints.web.http3.port: unknown key (expected advertisedPort)'],
    ['udp: {timeout: 1}', 'entryPoints.web.udp: not supported yet'],
    ['allowACMEByPass: true', 'entryPoints.web.allowACMEByPass: not supported yet'],
    ['http: {tls: {certResolver: le}}', 'entryPoints.web.http.tls.certResolver: not supported yet'],
    [
      'forwardedHeaders: {trustedIPs: [10.0.0.0/33]}',
      'entryPoints.web.forwardedHeaders.trustedIPs[0]: is not an IP address or range: "10.0.0.0/33" (expected an IP address or a CIDR range, such as "192.168.0.0/16")',
    ],
    [
      'forwardedHeaders: {}',
      'entryPoints.web.forwardedHeaders: is empty, which sets nothing (give it a key, or leave it out)',
    ],
    [
      'http: {underscoreHeadersStrategy: drop}',
      'entryPoints.web.http.underscoreHeadersStrategy: "drop" is not known (expected "keep", "delete" or "reject")',
    ],
    [
      'http: {redirections: {entryPoint: {scheme: https}}}',
      'entryPoints.web.http.redirections.entryPoint.to: is required (expected a non-empty string)',
    ],
    [
      'http: {redirections: {entryPoint: {to: wbe}}}',
      'entryPoints.web.http.redirections.entryPoint.to: no entry point "wbe" (expected web or :port; did you mean "web"?)',
    ],
    [
      'transport: {keepAliveMaxRequests: -1}',
      'entryPoints.web.transport.keepAliveMaxRequests: is out of range: -1 (expected a whole number, at least 0)',
    ],
  ])('refuses %s', (settings, problem) => {
    const { configuration, problems } = decode(`entryPoints: {web: {address: ":80", ${settings}}}`)
    expect(configuration).toBeUndefined()
    expect(problems.map((line) => line.replace(/^file:\d+:\d+: /, ''))).toEqual([problem])
  })

  test('needs an address', () => {
    expect(decode('entryPoints:\n  web:\n    reusePort: true').problems).toEqual([
      'file:3:5: entryPoints.web.address: is required (expected [host]:port, such as ":80", "127.0.0.1:8080" or "[::1]:80/tcp")',
    ])
  })

  test('can not share its address, but for port 0', () => {
    expect(decode('entryPoints:\n  a:\n    address: :80\n  b:\n    address: :80').problems).toEqual([
      'file:5:14: entryPoints.b.address: is the address of entry point "a" too (expected one of its own)',
    ])
    expect(decode('entryPoints: {a: {address: ":0"}, b: {address: ":0"}}').problems).toEqual([])
  })
})

describe('The static configuration refuses', () => {
  test.each([
    ['metrics:\n  prometheus: {}', 'file:1:1: metrics: not supported yet'],
    ['hostResolver: {resolvDepth: 3}', 'file:1:1: hostResolver: not supported yet'],
    ['certificatesResolvers: {le: {acme: {email: a}}}', 'file:1:1: certificatesResolvers: not supported yet'],
    ['spiffe: {workloadAPIAddr: x}', 'file:1:1: spiffe: not supported yet'],
    ['ocsp: {}', 'file:1:1: ocsp: not supported yet'],
    [
      'core: {defaultRuleSyntax: v2}',
      'file:1:27: core.defaultRuleSyntax: rule syntax v2 is not supported yet (expected "v3")',
    ],
    ['providers: {docker: {}}', 'file:1:13: providers.docker: not supported yet'],
    ['providers: {plugin: {x: {}}}', 'file:1:13: providers.plugin: not supported yet'],
    [
      'providers: {rancher: {}}',
      'file:1:13: providers.rancher: was removed from Traefik (the provider is gone; use another one)',
    ],
    ['providers: {file: {}}', 'file:1:19: providers.file: names no file (expected filename or directory)'],
    ['providers: {precedence: [file, dokcer]}', '"dokcer" is not known'],
    ['pilot: {token: x}', 'file:1:1: pilot: was removed from Traefik (leave it out)'],
    ['tracing: {zipkin: {}}', 'file:1:11: tracing.zipkin: was removed from Traefik (use tracing.otlp)'],
    ['tracing: {otlp: {grpc: {}}}', 'file:1:18: tracing.otlp.grpc: not supported yet'],
    [
      'tracing: {otlp: {http: {endpoint: "localhost:4318"}}}',
      'is not an HTTP URL: "localhost:4318" (expected a URL that begins with http:// or https://)',
    ],
    [
      'tracing: {sampleRate: 1.5}',
      'file:1:23: tracing.sampleRate: is out of range: 1.5 (expected a number from 0 to 1)',
    ],
    ['log: {maxSize: 1}', 'file:1:7: log.maxSize: not supported yet'],
    ['log: {otlp: {}}', 'file:1:7: log.otlp: not supported yet'],
    ['accessLog: {otlp: {}}', 'file:1:13: accessLog.otlp: not supported yet'],
    ['accessLog: {format: clf}', '"clf" is not known (expected "common", "genericCLF" or "json")'],
    [
      'accessLog: {filters: {statusCodes: [20]}}',
      'is not a range of status codes: "20" (expected a status code such as 404 or a range such as 500-599)',
    ],
    ['accessLog: {filters: {statusCodes: 300-200}}', 'is not a range of status codes: "300-200"'],
    ['experimental: {plugins: {a: {}}}', 'file:1:16: experimental.plugins: not supported yet'],
    ['tcpServersTransport: {tls: {}}', 'file:1:23: tcpServersTransport.tls: not supported yet'],
    ['serversTransport: {maxIdleConnPerHost: 1}', 'did you mean "maxIdleConnsPerHost"?)'],
    ['entrypoint: {}', 'did you mean "entryPoints"?)'],
    ['entryPoints: {}', 'file:1:14: entryPoints: is empty, which sets nothing (give it a key, or leave it out)'],
    ['just text', 'file:1:1: is not a configuration (expected a map with keys such as entryPoints and providers)'],
  ])('%s', (text, problem) => {
    const { configuration, problems } = decode(text)
    expect(configuration).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(problem)
  })

  test('a TOML mistake at its place', () => {
    expect(decode('[log]\n  level = "loud"\n[entryPoints.web]\naddres = ":80"\n', 'toml').problems).toEqual([
      'file:2:11: log.level: "loud" is not known (expected "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" or "PANIC")',
      'file:3:14: entryPoints.web.address: is required (expected [host]:port, such as ":80", "127.0.0.1:8080" or "[::1]:80/tcp")',
      'file:4:1: entryPoints.web.addres: unknown key (expected address, reusePort, asDefault, transport, proxyProtocol, forwardedHeaders, http, http2, http3, observability; did you mean "address"?)',
    ])
  })
})

describe('The static configuration only warns of', () => {
  test.each([
    ['global: {checkNewVersion: true}', 'file:1:10: global.checkNewVersion: warning: has no effect'],
    ['experimental: {http3: true}', 'file:1:16: experimental.http3: warning: has no effect'],
    [
      'core: {defaultRuleSyntax: v3}',
      'file:1:27: core.defaultRuleSyntax: warning: is deprecated (v3 is the only syntax)',
    ],
    [
      'tracing: {globalAttributes: {a: b}}',
      'file:1:29: tracing.globalAttributes: warning: is deprecated (use resourceAttributes)',
    ],
  ])('%s', (text, problem) => {
    const { configuration, problems } = decode(text)
    expect(configuration).toBeDefined()
    expect(problems).toEqual([problem])
  })

  test.each([
    'api: false',
    'ping: false',
    'providers: {docker: false}',
    'entryPoints: {a: {address: ":1", http3: false}}',
  ])('nothing in %s: it is switched off', (text) => {
    expect(decode(text).problems).toEqual([])
  })
})
