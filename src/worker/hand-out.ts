import type { Element, Section } from '../config/dynamic-element.ts'
import type { ProviderUpdate } from '../provider/define.ts'
import { combineSections } from '../provider/sections.ts'
import type { Order } from './messages.ts'
import { packElements, writtenElement, type WrittenElement } from './packed-element.ts'

/** What a worker decodes in one go: short enough for requests not to notice. */
const elementsPerOrder = 50

/** The orders that bring a worker to this update of a provider; the same for all workers. */
export function handOut(provider: string, update: ProviderUpdate): Order[] {
  const written = writtenElements(update)
  const orders: Order[] = []
  for (let at = 0; at < written.length; at += elementsPerOrder) {
    orders.push({ kind: 'elements', provider, packed: packElements(written.slice(at, at + elementsPerOrder)) })
  }
  const { digest, problems, failed } = update
  return [...orders, { kind: 'update', provider, digest, problems, failed }]
}

function writtenElements({ configuration }: ProviderUpdate): WrittenElement[] {
  const written: WrittenElement[] = []
  const add = (section: Section, elements: Iterable<Element<unknown>>) => {
    for (const element of elements) written.push(writtenElement(section, element))
  }
  combineSections([configuration], (section, [elements = new Map()]) => {
    add(section, elements.values())
    return elements
  })
  return written
}
