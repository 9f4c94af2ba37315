import type { ConfigNode } from './node.ts'
import { maximumAliasedNodes } from './yaml-document.ts'

/** An anchor that was read, and what it stands for was not yet. */
export interface OpenAnchor {
  readonly name: string
  /** How many nodes came before. */
  readonly before: number
}

interface Anchored {
  readonly node: ConfigNode
  /** How many nodes somebody meets who walks it. */
  readonly size: number
}

/** What has an anchor, for the aliases behind it. Counts nodes as the complete parser does, and gives up where that would. */
export class PlainAnchors {
  readonly #anchored = new Map<string, Anchored | 'open'>()
  #nodes = 0
  #aliasedNodes = 0

  /** A node has been read that is no alias. */
  count(): void {
    this.#nodes += 1
  }

  open(name: string): OpenAnchor {
    this.#anchored.set(name, 'open')
    return { name, before: this.#nodes }
  }

  close({ name, before }: OpenAnchor, node: ConfigNode): void {
    this.#anchored.set(name, { node, size: this.#nodes - before })
  }

  resolve(name: string): ConfigNode | undefined {
    const anchored = this.#anchored.get(name)
    if (anchored === undefined || anchored === 'open') return undefined
    this.#nodes += anchored.size
    this.#aliasedNodes += anchored.size
    return this.#aliasedNodes > maximumAliasedNodes ? undefined : anchored.node
  }
}
