import { describe, expect, test } from 'bun:test'
import type { StartOrder } from '../../src/worker/messages.ts'
import { staticConfiguration } from './static-text.ts'

const everything = `
entryPoints:
  web:
    address: ":80"
    proxyProtocol: { trustedIPs: ["10.0.0.0/8"] }
    forwardedHeaders: { trustedIPs: ["10.0.0.0/8", "::1"] }
    http:
      redirections: { entryPoint: { to: ":443", priority: 9223372036854774807 } }
      middlewares: [a@file]
      tls: { options: x@file, domains: [{ main: a.test }] }
      encodedCharacters: { allowEncodedSlash: false }
providers: { file: { directory: /etc/d }, providersThrottleDuration: 5s }
serversTransport: { rootCAs: [a.pem], forwardingTimeouts: { dialTimeout: 5s } }
log: { level: DEBUG, format: json }
accessLog:
  filePath: a.log
  format: json
  filters: { statusCodes: ["200", "400-499"], minDuration: 10ms }
  fields: { defaultMode: drop, names: { ClientHost: keep }, headers: { names: { Authorization: redact } } }
tracing: { serviceName: x, sampleRate: 0.5, globalAttributes: { a: b }, otlp: { http: {} } }
experimental: { fastProxy: {} }
workers: auto
`

describe('the order to start', () => {
  // A decoder that makes functions or class instances would give workers another configuration than one process has.
  test.each([
    ['the defaults', ''],
    ['a value in every section', everything],
  ])('carries %s through the channel unchanged', (_, text) => {
    const configuration = staticConfiguration(text)
    const order: StartOrder = {
      ...{ kind: 'start', number: 1, staticFile: '/s.yaml', servesWhoami: false },
      ...{ configuration, providers: [{ name: 'file', isLocal: true }] },
    }
    expect(structuredClone(order)).toStrictEqual(order)
  })
})
