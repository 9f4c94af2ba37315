import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Description } from '../../src/config/decoder.ts'
import { httpRouterIn, httpServersTransport } from '../../src/config/dynamic-http.ts'
import { tcpMiddleware, tcpRouterIn, tcpServersTransport, tcpService } from '../../src/config/dynamic-tcp.ts'
import { staticSchema } from '../../src/config/static.ts'
import { tlsCertificate, tlsOptions, tlsStore } from '../../src/listen/tls-options.ts'
import { middlewares, missingMiddlewares } from '../../src/middleware/registry.ts'
import type { MatcherDefinition } from '../../src/route/matcher/define.ts'
import { httpMatchers, tcpMatchers } from '../../src/route/matcher/registry.ts'
import { services } from '../../src/service/registry.ts'
import { markdownTable, optionsTable } from './options-table.ts'

const root = join(import.meta.dir, '../..')
const traefik = 'https://doc.traefik.io/traefik/reference'
const notice = '<!-- Written by scripts/reference from the schemas in src. Changes made here are lost. -->'

/** A page of docs/reference; the path is within it. */
export interface Page {
  readonly path: string
  readonly text: string
}

/** What both registries say of a kind. */
interface Kind {
  readonly name: string
  readonly summary?: string
  readonly options: { describe(): Description }
}

export function referencePages(): Page[] {
  return [
    ...middlewares.map((kind) => kindPage(kind, middlewareSection)),
    ...services.map((kind) => kindPage(kind, serviceSection)),
    page('static', 'Static configuration', staticText()),
    page('routers', 'Routers', routersText()),
    page('tcp-services', 'TCP services and middlewares', tcpText()),
    page('servers-transports', 'Servers transports', transportsText()),
    page('tls', 'TLS', tlsText()),
    page('README', 'Reference', overviewText()),
  ]
}

interface KindSection {
  readonly folder: string
  readonly path: string
  /** The page of Traefik's documentation. */
  readonly traefikPage: (name: string) => string
}

const traefikNames: Readonly<Record<string, string>> = { errors: 'errorpages', ipWhiteList: 'ipallowlist' }

const middlewareSection: KindSection = {
  folder: 'middlewares',
  path: 'http.middlewares.<name>',
  traefikPage: (name) => `http/middlewares/${traefikNames[name] ?? name.toLowerCase()}`,
}

const serviceSection: KindSection = {
  folder: 'services',
  path: 'http.services.<name>',
  traefikPage: () => 'http/load-balancing/service',
}

function kindPage({ name, summary = '', options }: Kind, section: KindSection): Page {
  const stem = fileStem(name)
  const more = `${traefik}/routing-configuration/${section.traefikPage(name)}/`
  const parts = [
    summary,
    exampleOf(`${section.folder}/${stem}`),
    `Keys below \`${section.path}.${name}\`:`,
    optionsTable(options.describe()),
    `What each key does: [Traefik's page](${more}); where Sluice differs: [migrating](../../migrating.md).`,
  ]
  return page(`${section.folder}/${stem}`, name, parts.filter((part) => part !== '').join('\n\n'))
}

/** From docs/examples, where a test checks it. */
function exampleOf(path: string): string {
  const file = join(root, 'docs/examples', `${path}.yaml`)
  return existsSync(file) ? `\`\`\`yaml\n${readFileSync(file, 'utf8').trimEnd()}\n\`\`\`` : ''
}

function page(path: string, title: string, body: string): Page {
  return { path: `${path}.md`, text: `${notice}\n\n# ${title}\n\n${body}\n` }
}

/** `passTLSClientCert` → `pass-tls-client-cert`. */
export function fileStem(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
}

function staticText(): string {
  const description = staticSchema.describe()
  const fields = description.kind === 'object' ? description.fields : []
  const known = fields.filter(({ status }) => status !== 'removed')
  const sections = known
    .filter(({ status }) => status === 'supported')
    .map((field) => {
      const table = optionsTable({ kind: 'object', fields: [field], allowEmpty: false })
      return `## ${field.key}\n\n${table}`
    })
  const missing = known.filter(({ status }) => status === 'notYet').map(({ key }) => `\`${key}\``)
  return [
    'From a file (`--configFile`), then the environment (`SLUICE_ENTRYPOINTS_WEB_ADDRESS`), then flags',
    '(`--entryPoints.web.address`); later ones win, key by key. Read once, at the start. Keys are the same in any case.',
    'A section that is left out has the defaults of its keys; one whose value can be `true` is off until it is given.',
    '',
    `Sections that Traefik has and Sluice does not support yet: ${missing.join(', ')}.`,
    '',
    sections.join('\n\n'),
  ].join('\n')
}

const document = { provider: '', file: '', text: '' }

function routersText(): string {
  return [
    '## HTTP routers',
    'Keys below `http.routers.<name>`. A router with `tls` answers requests over TLS only, one without it plain ones only.',
    optionsTable(httpRouterIn(document).describe()),
    '## TCP routers',
    'Keys below `tcp.routers.<name>`.',
    optionsTable(tcpRouterIn(document).describe()),
    '## Rules',
    "Matchers are joined with `&&`, `||`, `!` and parentheses; values stand in back-ticks or double quotes. Without a\n`priority` the longer rule goes first. Regular expressions are Go's, and take linear time whatever the input.",
    matcherTable('HTTP', httpMatchers),
    matcherTable('TCP', tcpMatchers),
  ].join('\n\n')
}

function matcherTable(
  kind: string,
  matchers: readonly Pick<MatcherDefinition<never>, 'name' | 'parameters'>[],
): string {
  const rows = matchers.map(({ name, parameters }) => [`\`${name}\``, `\`${parameters.join('`, `')}\``])
  return markdownTable([`${kind} matcher`, 'values'], rows)
}

function tcpText(): string {
  return [
    'Keys below `tcp.services.<name>`.',
    optionsTable(tcpService.describe()),
    'Keys below `tcp.middlewares.<name>`.',
    optionsTable(tcpMiddleware.describe()),
  ].join('\n\n')
}

function transportsText(): string {
  return [
    'How servers are connected to. A service names one with `serversTransport`; without it, `serversTransport` of the\n[static configuration](static.md) holds.',
    'Keys below `http.serversTransports.<name>`.',
    optionsTable(httpServersTransport.describe()),
    'Keys below `tcp.serversTransports.<name>`.',
    optionsTable(tcpServersTransport.describe()),
  ].join('\n\n')
}

function tlsText(): string {
  return [
    'Files are read again when they change. `certFile`, `keyFile` and `caFiles` take a path or the PEM text itself.',
    'Items of `tls.certificates`.',
    optionsTable(tlsCertificate.describe()),
    'Keys below `tls.options.<name>`. A router names one with `tls.options`; the one called `default` holds otherwise.',
    optionsTable(tlsOptions.describe()),
    'Keys below `tls.stores.<name>`. Only the store `default` is ever asked, as in Traefik.',
    optionsTable(tlsStore.describe()),
  ].join('\n\n')
}

function overviewText(): string {
  return [
    'Made from the same schemas that read the configuration, so that what stands here is what is accepted.',
    [
      '- [static configuration](static.md): entry points, providers, logs, tracing',
      '- [routers](routers.md) and their rules',
      '- [servers transports](servers-transports.md)',
      '- [TLS](tls.md): certificates, options, stores',
      '- [TCP services and middlewares](tcp-services.md)',
    ].join('\n'),
    '## HTTP middlewares',
    kindTable(middlewares, 'middlewares'),
    `Not supported yet: ${missingMiddlewares.map((name) => `\`${name}\``).join(', ')}.`,
    '## HTTP services',
    kindTable(services, 'services'),
    '## How to read the tables',
    [
      'A dot goes one level down, `<name>` is a name of your own, `[]` an item of a list. `required` keys must be given;',
      'without a default the key is off, or empty. A duration is `300ms`, `10s`, `1m30s` or a whole number of seconds. `not yet`: Traefik has the key, and Sluice refuses it with a message that',
      'says so. `experimental`: it works, and its behaviour may still change. `no effect`: the key is read and does nothing, as in Traefik, and a warning says so.',
    ].join('\n'),
  ].join('\n\n')
}

function kindTable(kinds: readonly Kind[], folder: string): string {
  const rows = kinds.map(({ name, summary = '' }) => [`[${name}](${folder}/${fileStem(name)}.md)`, summary])
  return markdownTable(['kind', 'what it does'], rows)
}
