import type { Element, Elements, Section } from '../config/dynamic-element.ts'
import type { Steps } from '../config/steps.ts'
import { lostItem, type Item } from './item.ts'
import { Standings, type Standing } from './standing.ts'
import type { View } from './view.ts'

/** The items of one section: those that never were good first, then what `itemsOf` makes of each of the others. */
export function* elementItems<T>(
  { view, section, elements }: Elementary<T>,
  itemsOf: (element: Element<T>, standing: Standing) => readonly Item[],
): Steps<Item[]> {
  const standings = new Standings(view)
  const items = standings.lost(section).map(lostItem)
  for (const element of elements.values()) {
    items.push(...itemsOf(element, standings.of(section, element.name)))
    yield
  }
  return items
}

export interface Elementary<T> {
  readonly view: View
  readonly section: Section
  readonly elements: Elements<T>
}
