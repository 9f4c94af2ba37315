import {
  tlsCertificate,
  tlsOptions,
  tlsStore,
  type TlsCertificate,
  type TlsOptions,
  type TlsStore,
} from '../listen/tls-options.ts'
import type { MiddlewareDefinition } from '../middleware/define.ts'
import { middlewares, missingMiddlewares } from '../middleware/registry.ts'
import type { ServiceDefinition } from '../service/define.ts'
import { services } from '../service/registry.ts'
import { Place } from './decoder.ts'
import { ElementDecoder } from './dynamic-element.ts'
import type { DocumentSource, Elements, FailedElement, Section } from './dynamic-element.ts'
import { httpRouterIn, httpServersTransport, type HttpRouter, type HttpServersTransport } from './dynamic-http.ts'
import { tcpMiddleware, tcpRouterIn, tcpServersTransport, tcpService } from './dynamic-tcp.ts'
import type { TcpRouter, TcpServersTransport } from './dynamic-tcp.ts'
import { exactlyOne, type Kinded } from './kind.ts'
import { hint } from './nearest.ts'
import type { ConfigNode, MapEntry } from './node.ts'
import type { Problem } from './problem.ts'
import { list, nonEmptyText, object, withDefault, type Infer } from './schema.ts'
import { staticSchema } from './static.ts'
import { atOnce, type Steps } from './steps.ts'

const httpService = exactlyOne({
  noun: 'service',
  registry: services,
  beside: object({ middlewares: withDefault(list(nonEmptyText), []) }),
})

const httpMiddleware = exactlyOne({ noun: 'middleware', registry: middlewares, notYet: missingMiddlewares })

export type HttpService = Kinded<ServiceDefinition, { readonly middlewares: readonly string[] }>
export type HttpMiddleware = Kinded<MiddlewareDefinition>
export type TcpService = Infer<typeof tcpService>
export type TcpMiddleware = Infer<typeof tcpMiddleware>

/** The good elements of a document, of a provider, or of all providers. */
export interface DynamicConfiguration {
  readonly httpRouters: Elements<HttpRouter>
  readonly httpServices: Elements<HttpService>
  readonly httpMiddlewares: Elements<HttpMiddleware>
  readonly httpServersTransports: Elements<HttpServersTransport>
  readonly tcpRouters: Elements<TcpRouter>
  readonly tcpServices: Elements<TcpService>
  readonly tcpMiddlewares: Elements<TcpMiddleware>
  readonly tcpServersTransports: Elements<TcpServersTransport>
  readonly tlsCertificates: Elements<TlsCertificate>
  readonly tlsOptions: Elements<TlsOptions>
  readonly tlsStores: Elements<TlsStore>
}

export interface DynamicDecoding {
  readonly configuration: DynamicConfiguration
  /** Everything that is wrong, in reading order; what is told in `failed` is here as well. */
  readonly problems: readonly Problem[]
  readonly failed: readonly FailedElement[]
}

export interface DynamicDocument extends DocumentSource {
  /** The same file is the static configuration, whose sections are then no mistake here. */
  readonly isStaticFile?: boolean
}

/** Decodes one document; `undefined` is an empty one. A mistake costs the element that has it and nothing else. */
export function decodeDynamic(node: ConfigNode | undefined, document: DynamicDocument): DynamicDecoding {
  return atOnce(decodeDynamicSteps(node, document))
}

export function* decodeDynamicSteps(node: ConfigNode | undefined, document: DynamicDocument): Steps<DynamicDecoding> {
  const decoder = new ElementDecoder(document)
  const written = node === undefined ? {} : findSections(node, decoder, document.isStaticFile === true)
  const configuration: DynamicConfiguration = {
    httpRouters: yield* decoder.named('httpRouters', written.httpRouters, httpRouterIn(document)),
    httpServices: yield* decoder.named('httpServices', written.httpServices, httpService),
    httpMiddlewares: yield* decoder.named('httpMiddlewares', written.httpMiddlewares, httpMiddleware),
    httpServersTransports: yield* decoder.named(
      'httpServersTransports',
      written.httpServersTransports,
      httpServersTransport,
    ),
    tcpRouters: yield* decoder.named('tcpRouters', written.tcpRouters, tcpRouterIn(document)),
    tcpServices: yield* decoder.named('tcpServices', written.tcpServices, tcpService),
    tcpMiddlewares: yield* decoder.named('tcpMiddlewares', written.tcpMiddlewares, tcpMiddleware),
    tcpServersTransports: yield* decoder.named(
      'tcpServersTransports',
      written.tcpServersTransports,
      tcpServersTransport,
    ),
    tlsCertificates: yield* decoder.listed('tlsCertificates', written.tlsCertificates, tlsCertificate),
    tlsOptions: yield* decoder.named('tlsOptions', written.tlsOptions, tlsOptions),
    tlsStores: yield* decoder.named('tlsStores', written.tlsStores, tlsStore),
  }
  return { configuration, problems: decoder.problems.sorted(), failed: decoder.failed }
}

const groups: Readonly<Record<string, Readonly<Record<string, Section>>>> = {
  http: {
    routers: 'httpRouters',
    services: 'httpServices',
    middlewares: 'httpMiddlewares',
    serversTransports: 'httpServersTransports',
  },
  tcp: {
    routers: 'tcpRouters',
    services: 'tcpServices',
    middlewares: 'tcpMiddlewares',
    serversTransports: 'tcpServersTransports',
  },
  tls: { certificates: 'tlsCertificates', options: 'tlsOptions', stores: 'tlsStores' },
}

const groupNames = [...Object.keys(groups), 'udp']

const staticDescription = staticSchema.describe()
const staticSections = staticDescription.kind === 'object' ? staticDescription.fields.map(({ key }) => key) : []

type WrittenSections = Partial<Record<Section, MapEntry>>

function findSections(node: ConfigNode, decoder: ElementDecoder, isStaticFile: boolean): WrittenSections {
  const written: WrittenSections = {}
  if (node.kind !== 'map') {
    const sections = Object.values(groups).flatMap((group) => Object.values(group))
    decoder.refuse(sections, { path: '', source: node.source, node, expected: 'a map' })
    return written
  }
  for (const [key, entry] of node.entries) {
    const name = findKey(groupNames, key)
    const group = name === undefined ? undefined : groups[name]
    if (name !== undefined && group !== undefined) findGroup({ name, group, entry }, written, decoder)
    else refuseTopLevel({ key, entry, name, isStaticFile }, decoder)
  }
  return written
}

interface TopLevelEntry {
  readonly key: string
  readonly entry: MapEntry
  readonly name: string | undefined
  readonly isStaticFile: boolean
}

function refuseTopLevel({ key, entry, name, isStaticFile }: TopLevelEntry, decoder: ElementDecoder): void {
  const at = new Place(decoder.problems).key(key)
  if (name !== undefined) {
    at.error(entry.keySource, 'not supported yet')
  } else if (findKey(staticSections, key) === undefined) {
    const names = isStaticFile ? [...groupNames, ...staticSections] : groupNames
    at.error(entry.keySource, `unknown key (expected ${groupNames.join(', ')}${hint(key, names)})`)
  } else if (!isStaticFile) {
    at.error(
      entry.keySource,
      `is static configuration: it belongs in the file given by --configFile, not in a provider's`,
    )
  }
}

interface WrittenGroup {
  readonly name: string
  readonly group: Readonly<Record<string, Section>>
  readonly entry: MapEntry
}

function findGroup({ name, group, entry }: WrittenGroup, written: WrittenSections, decoder: ElementDecoder): void {
  const { node, keySource } = entry
  if (node.kind !== 'map') {
    decoder.refuse(Object.values(group), { path: name, source: keySource, node, expected: 'a map' })
    return
  }
  const names = Object.keys(group)
  const at = new Place(decoder.problems).key(name)
  for (const [key, inner] of node.entries) {
    const found = findKey(names, key)
    const section = found === undefined ? undefined : group[found]
    if (section === undefined) {
      at.key(key).error(inner.keySource, `unknown key (expected ${names.join(', ')}${hint(key, names)})`)
    } else if (written[section] !== undefined) {
      at.key(key).error(inner.keySource, 'is given twice (keys are the same in any case)')
    } else {
      written[section] = inner
    }
  }
}

function findKey(names: readonly string[], key: string): string | undefined {
  return names.find((name) => name.toLowerCase() === key.toLowerCase())
}
