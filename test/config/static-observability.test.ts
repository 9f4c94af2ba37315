import { describe, expect, test } from 'bun:test'
import { parseDocument } from '../../src/config/document.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { decodeStatic } from '../../src/config/static.ts'

function decodeSettings(text: string) {
  const { node } = parseDocument({ file: 'file', text, format: 'yaml' })
  const { configuration, problems } = decodeStatic(node!)
  return { configuration, problems: problems.map(formatProblem) }
}

describe('api and ping', () => {
  test('have the defaults of Traefik', () => {
    expect(decodeSettings('api: {}\nping: {}').configuration).toMatchObject({
      api: { basePath: '/', insecure: false, dashboard: true, disableDashboardAd: false, dashboardName: '' },
      ping: { entryPoint: 'traefik', manualRouting: false, terminatingStatusCode: 503 },
    })
  })

  test('take what is not there yet as long as it is switched off', () => {
    expect(decodeSettings('api: {debug: false}').problems).toEqual([])
  })

  test.each([
    ['api: {debug: true}', 'file:1:7: api.debug: not supported yet'],
    [
      'api: {basePath: traefik}',
      'file:1:17: api.basePath: is no path (expected a slash, then letters, digits and / _ . : ~ -)',
    ],
    [
      'ping: {entryPoint: wbe}\nentryPoints: {web: {address: ":80"}}',
      'file:1:20: ping.entryPoint: no entry point "wbe" (expected web, traefik; did you mean "web"?)',
    ],
    [
      'api: {insecure: true}\nentryPoints: {web: {address: ":8080"}}',
      'file:2:14: entryPoints.traefik: api or ping needs it, but its address :8080 is that of entry point "web" (give it one)',
    ],
  ])('are refused: %s', (text, problem) => {
    expect(decodeSettings(text)).toEqual({ configuration: undefined, problems: [problem] })
  })
})

describe('The entry point traefik', () => {
  test.each([
    ['api: {}', ['http']],
    ['api: {insecure: true}', ['http', 'traefik']],
    ['ping: {}', ['http', 'traefik']],
    ['ping: {manualRouting: true}', ['http']],
    ['ping: {entryPoint: web}\nentryPoints: {web: {address: ":1"}}', ['web']],
    ['api: {insecure: true}\nentryPoints: {web: {address: ":1"}}', ['web', 'traefik']],
  ])('is there when it is needed: %s', (text, names) => {
    const { configuration, problems } = decodeSettings(text)
    expect(problems).toEqual([])
    expect([...configuration!.entryPoints.keys()]).toEqual(names)
  })

  test('listens on port 8080 unless it is given an address', () => {
    const implicit = decodeSettings('api: {insecure: true}').configuration!.entryPoints.get('traefik')
    expect(implicit?.address).toEqual({ host: '', port: 8080 })
    const written = decodeSettings('api: {insecure: true}\nentryPoints: {traefik: {address: ":9000"}}').configuration!
    expect(written.entryPoints.get('traefik')?.address).toEqual({ host: '', port: 9000 })
  })
})
