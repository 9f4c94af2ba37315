import { describe, expect, test } from 'bun:test'
import { parseDocument } from '../../src/config/document.ts'
import { decodeDynamic } from '../../src/config/dynamic.ts'
import { formatProblem } from '../../src/config/problem.ts'
import type { ProviderUpdate } from '../../src/provider/define.ts'
import { mergeProviders } from '../../src/provider/merge.ts'

function update(provider: string, text: string): [string, ProviderUpdate] {
  const file = `${provider}.yaml`
  const { node } = parseDocument({ file, text, format: 'yaml' })
  const { configuration, problems, failed } = decodeDynamic(node, { provider, file, text })
  return [
    provider,
    { configuration, problems, failed: failed.map((each) => ({ ...each, isLastGoodKept: false })), digest: text },
  ]
}

const router = 'http: { routers: { app: { rule: "Path(`/`)", service: s } } }'

describe('merging providers', () => {
  test('puts the name of the provider behind every name', () => {
    const { configuration } = mergeProviders(new Map([update('file', router), update('docker', router)]))
    expect([...configuration.httpRouters.keys()]).toEqual(['app@file', 'app@docker'])
    const element = configuration.httpRouters.get('app@docker')
    expect([element?.name, element?.provider, element?.path]).toEqual(['app@docker', 'docker', 'http.routers.app'])
  })

  test('does so for elements that failed', () => {
    const { failed, problems } = mergeProviders(new Map([update('file', router.replace('rule', 'rul'))]))
    expect(failed.map(({ section, name }) => [section, name])).toEqual([['httpRouters', 'app@file']])
    expect(problems.length).toBeGreaterThan(0)
  })

  test('keeps the certificates of all', () => {
    const text = 'tls: { certificates: [{ certFile: a, keyFile: b }] }'
    const { configuration } = mergeProviders(new Map([update('file', text), update('docker', text)]))
    expect(configuration.tlsCertificates.size).toBe(2)
  })

  test('leaves default TLS options and stores without a provider, and others not', () => {
    const text =
      'tls: { options: { default: { sniStrict: true }, strict: { sniStrict: true } }, stores: { default: { defaultCertificate: { certFile: a, keyFile: b } } } }'
    const { configuration, problems } = mergeProviders(new Map([update('file', text)]))
    expect([...configuration.tlsOptions.keys()].toSorted()).toEqual(['default', 'strict@file'])
    expect([...configuration.tlsStores.keys()]).toEqual(['default'])
    expect(problems).toEqual([])
  })

  test('drops a default that two providers have, and tells both', () => {
    const text = 'tls: { options: { default: { sniStrict: true } } }'
    const { configuration, failed, problems } = mergeProviders(new Map([update('file', text), update('docker', text)]))
    expect(configuration.tlsOptions.size).toBe(0)
    expect(failed.map(({ section, name }) => [section, name])).toEqual([
      ['tlsOptions', 'default'],
      ['tlsOptions', 'default'],
    ])
    expect(problems.map(formatProblem)).toEqual([
      'docker.yaml:1:19: tls.options.default: "default" is configured by more than one provider, so none counts (also at file.yaml:1:19)',
      'file.yaml:1:19: tls.options.default: "default" is configured by more than one provider, so none counts (also at docker.yaml:1:19)',
    ])
  })

  test('has another digest when a provider has', () => {
    const digest = (text: string): string =>
      mergeProviders(new Map([update('file', text), update('docker', '')])).digest
    expect(digest(router)).toBe(digest(router))
    expect(digest(router)).not.toBe(digest(''))
  })
})
