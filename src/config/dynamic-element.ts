import { invalid, Place, type Decoder } from './decoder.ts'
import { describeNode, findEntry, type ConfigNode, type MapEntry } from './node.ts'
import { type Problem, ProblemCollector, type Source } from './problem.ts'
import type { Steps } from './steps.ts'

/** The text that a configuration was read from, as the user wrote it. */
export interface DocumentSource {
  /** The name that follows `@`. */
  readonly provider: string
  readonly file: string
  readonly text: string
}

/** One router, service, middleware and so on, decoded, with all that is needed to tell where a mistake in it is. */
export interface Element<T> {
  /** As written; `name@provider` once providers are merged. */
  readonly name: string
  /** References without `@` are to elements of this provider. */
  readonly provider: string
  /** `http.routers.app` */
  readonly path: string
  readonly value: T
  /** Where its name stands. */
  readonly source: Source
  readonly node: ConfigNode
  /** The same for two elements that were written with the same keys and values, wherever they stand. */
  readonly fingerprint: string
  /** A router whose rule its provider has made up, so that it may well lead to the proxy itself. */
  readonly hasDefaultRule?: true
}

export type Elements<T> = ReadonlyMap<string, Element<T>>

/** What each section of a dynamic configuration is called in it. */
export const sectionPaths = {
  httpRouters: 'http.routers',
  httpServices: 'http.services',
  httpMiddlewares: 'http.middlewares',
  httpServersTransports: 'http.serversTransports',
  tcpRouters: 'tcp.routers',
  tcpServices: 'tcp.services',
  tcpMiddlewares: 'tcp.middlewares',
  tcpServersTransports: 'tcp.serversTransports',
  tlsCertificates: 'tls.certificates',
  tlsOptions: 'tls.options',
  tlsStores: 'tls.stores',
} as const

export type Section = keyof typeof sectionPaths

/** An element that is not in the configuration because of its mistakes. */
export interface FailedElement {
  readonly section: Section
  /** Undefined when the whole section can't be read (it is a list, say, and not a map). */
  readonly name: string | undefined
  readonly provider: string
  readonly path: string
  readonly source: Source
  readonly problems: readonly Problem[]
}

/** Decodes the elements of one document, each in isolation: a bad one is reported and left out, the others stay. */
export class ElementDecoder {
  readonly problems = new ProblemCollector()
  readonly failed: FailedElement[] = []
  readonly #document: DocumentSource

  constructor(document: DocumentSource) {
    this.#document = document
  }

  /** A section whose elements have names. */
  *named<T>(section: Section, entry: MapEntry | undefined, decoder: Decoder<T>): Steps<Elements<T>> {
    if (entry === undefined) return new Map()
    const { node } = entry
    if (node.kind !== 'map') return this.#refuseOne(section, entry, 'a map of names')
    const at = new Place(this.problems, sectionPaths[section])
    const elements = new Map<string, Element<T>>()
    for (const [name, { keySource, node: written }] of node.entries) {
      const element = this.#decode({ section, name, place: at.key(name), source: keySource, node: written }, decoder)
      if (element !== undefined) elements.set(name, element)
      yield
    }
    return elements
  }

  /** A section that is a list: its elements are named `file[index]`. */
  *listed<T>(section: Section, entry: MapEntry | undefined, decoder: Decoder<T>): Steps<Elements<T>> {
    if (entry === undefined) return new Map()
    const { node } = entry
    if (node.kind !== 'list') return this.#refuseOne(section, entry, 'a list')
    const at = new Place(this.problems, sectionPaths[section])
    const elements = new Map<string, Element<T>>()
    for (const [index, written] of node.items.entries()) {
      const name = `${this.#document.file}[${index}]`
      const place = at.item(index)
      const element = this.#decode({ section, name, place, source: written.source, node: written }, decoder)
      if (element !== undefined) elements.set(name, element)
      yield
    }
    return elements
  }

  #decode<T>(written: WrittenElement, decoder: Decoder<T>): Element<T> | undefined {
    const { section, name, source, node } = written
    const problems = new ProblemCollector()
    const { path } = written.place
    const place = new Place(problems, path, this.#document)
    if (decoder.isDisabledBy?.(node, place) === true) return undefined
    const value = decoder.decode(node, place)
    const found = problems.sorted()
    this.problems.addAll(found)
    if (value === invalid) {
      this.failed.push({ section, name, provider: this.#document.provider, path, source, problems: found })
      return undefined
    }
    const { provider } = this.#document
    return { name, provider, path, value, source, node, fingerprint: fingerprintOf(node) }
  }

  /** Reports what holds whole sections and can't be read, so that all of their elements fail. */
  refuse(sections: readonly Section[], { path, source, node, expected }: Unreadable): void {
    const message = `is ${describeNode(node)} (expected ${expected})`
    const problem: Problem = { severity: 'error', source: node.source, path, message }
    this.problems.add(problem)
    const failure = { name: undefined, provider: this.#document.provider, path, source, problems: [problem] }
    for (const section of sections) this.failed.push({ section, ...failure })
  }

  #refuseOne(section: Section, { keySource, node }: MapEntry, expected: string): Elements<never> {
    this.refuse([section], { path: sectionPaths[section], source: keySource, node, expected })
    return new Map()
  }
}

interface Unreadable {
  readonly path: string
  readonly source: Source
  readonly node: ConfigNode
  readonly expected: string
}

interface WrittenElement {
  readonly section: Section
  readonly name: string
  readonly place: Place
  readonly source: Source
  readonly node: ConfigNode
}

/** What was written, without places, comments and the order of keys. */
function fingerprintOf(node: ConfigNode): string {
  if (node.kind === 'scalar') return JSON.stringify(node.text)
  let written = ''
  if (node.kind === 'list') {
    for (const item of node.items) written += `${fingerprintOf(item)},`
    return `[${written}]`
  }
  const keys = node.entries.size > 1 ? [...node.entries.keys()].sort() : node.entries.keys()
  for (const key of keys) written += `${JSON.stringify(key)}:${fingerprintOf(node.entries.get(key)!.node)},`
  return `{${written}}`
}

/** Where a value inside an element stands, `['tls', 'options']`; the element's own place when it is not written. */
export function sourceWithin(element: Element<unknown>, keys: readonly (string | number)[]): Source {
  let node: ConfigNode = element.node
  for (const key of keys) {
    const inner = innerNode(node, key)
    if (inner === undefined) return element.source
    node = inner
  }
  return node.source
}

function innerNode(node: ConfigNode, key: string | number): ConfigNode | undefined {
  if (typeof key === 'number') return node.kind === 'list' ? node.items[key] : undefined
  return node.kind === 'map' ? findEntry(node, key)?.entry.node : undefined
}
