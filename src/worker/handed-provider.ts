import { setImmediate } from 'node:timers/promises'
import { decodeDynamic, type DynamicConfiguration, type DynamicDecoding } from '../config/dynamic.ts'
import type { Element, Elements } from '../config/dynamic-element.ts'
import type { ConfigNode, MapEntry } from '../config/node.ts'
import type { Problem, Source } from '../config/problem.ts'
import type { Log } from '../observe/log.ts'
import type { Provider, ProviderUpdate } from '../provider/define.ts'
import { Latest } from '../provider/latest.ts'
import { combineSections } from '../provider/sections.ts'
import type { ElementsOrder, HandedProviderName, UpdateOrder } from './messages.ts'
import { sectionKeys, unpackElements, type WrittenElement } from './packed-element.ts'

/**
 * A provider as a worker sees it: the supervisor reads, watches and keeps the last good version of everything, so that
 * all workers serve the same, one that was started a minute ago too. Values can't be sent (compiled rules, patterns),
 * so what was written is, and it is decoded again here, a part at a time.
 */
export class HandedProvider implements Provider {
  readonly name: string
  readonly isLocal: boolean
  readonly isThrottled = false
  readonly #updates = new Latest<ProviderUpdate>()
  readonly #log: Log
  /** What has come of the next update. Undefined: a part of it could not be decoded. */
  #parts: Decoded[] | undefined = []
  #queue: Promise<void> = Promise.resolve()

  constructor({ name, isLocal }: HandedProviderName, log: Log) {
    this.name = name
    this.isLocal = isLocal
    this.#log = log
  }

  start(): AsyncIterable<ProviderUpdate> {
    return this.#updates
  }

  /** The supervisor reads again for everybody. */
  reload(): void {}

  close(): void {
    this.#updates.close()
  }

  takeElements({ packed }: ElementsOrder): void {
    this.#enqueue(async () => {
      // Lets what has come for connections meanwhile be served first.
      await setImmediate()
      this.#parts?.push(decodeElements(this.name, unpackElements(packed)))
    })
  }

  takeUpdate(order: UpdateOrder): void {
    this.#enqueue(() => {
      const parts = this.#parts
      this.#parts = []
      if (parts !== undefined) this.#updates.put(joinParts(parts, order))
    })
  }

  #enqueue(step: () => Promise<void> | void): void {
    this.#queue = this.#queue.then(step).catch((thrown: unknown) => {
      this.#parts = undefined
      const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
      this.#log.error('the configuration from the supervisor can not be used', { provider: this.name, reason })
    })
  }
}

function joinParts(parts: readonly Decoded[], { digest, problems, failed }: UpdateOrder): ProviderUpdate {
  const configurations = parts.map(({ configuration }) => configuration)
  return {
    configuration: combineSections(configurations, (_, sections) => new Map(sections.flatMap((each) => [...each]))),
    problems: [...problems, ...parts.flatMap((part) => part.problems)],
    failed,
    digest,
  }
}

type Decoded = Pick<DynamicDecoding, 'configuration' | 'problems'>

const nowhere: Source = { kind: 'file', file: '', line: 1, column: 1 }

/** All of them were good where they were read. */
function decodeElements(provider: string, written: readonly WrittenElement[]): Decoded {
  const { configuration, problems } = decodeDynamic(documentOf(written), { provider, file: '', text: '' })
  return { configuration: asWritten(configuration, written), problems: problems.filter(isError) }
}

function isError({ severity }: Problem): boolean {
  return severity === 'error'
}

function documentOf(written: readonly WrittenElement[]): ConfigNode {
  const groups = new Map<string, Map<string, WrittenElement[]>>()
  for (const element of written) {
    const [groupName, sectionName] = sectionKeys(element.section)
    const group = groups.get(groupName) ?? new Map<string, WrittenElement[]>()
    groups.set(groupName, group)
    const section = group.get(sectionName) ?? []
    group.set(sectionName, section)
    section.push(element)
  }
  return mapOf([...groups].map(([name, group]) => [name, mapOf([...group].map(sectionNode))]))
}

function sectionNode([name, elements]: [string, readonly WrittenElement[]]): [string, ConfigNode] {
  const isList = elements.some(({ section }) => section === 'tlsCertificates')
  if (isList) return [name, { kind: 'list', items: elements.map(({ node }) => node), source: nowhere }]
  const entries = elements.map((each): [string, MapEntry] => [each.name, { keySource: each.source, node: each.node }])
  return [name, { kind: 'map', entries: new Map(entries), source: nowhere }]
}

function mapOf(entries: readonly [string, ConfigNode][]): ConfigNode {
  const withSources = entries.map(([key, node]): [string, MapEntry] => [key, { keySource: nowhere, node }])
  return { kind: 'map', entries: new Map(withSources), source: nowhere }
}

/** Items of lists are called after their file and place in it, which the document put together here does not have. */
function asWritten(configuration: DynamicConfiguration, written: readonly WrittenElement[]): DynamicConfiguration {
  const byNode = new Map(written.map((element) => [element.node, element]))
  const named = <T>(element: Element<T>): [string, Element<T>] => {
    const { name, path } = byNode.get(element.node) ?? element
    return [name, { ...element, name, path }]
  }
  return combineSections([configuration], <T>(_: string, [elements]: readonly Elements<T>[]) => {
    return new Map([...(elements?.values() ?? [])].map((element) => named(element)))
  })
}
