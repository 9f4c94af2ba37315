import type { ConfigNode, ListNode, MapEntry, MapNode } from './node.ts'
import { PlainText, type PlainKey } from './plain-yaml-text.ts'
import type { Steps } from './steps.ts'

/**
 * Reads the plain part of YAML, which nearly every configuration is written in: block maps and lists, `{}` and `[]`
 * (so JSON as well), scalars that are plain or quoted on one line, comments. Gives undefined for whatever else it meets
 * (anchors, tags, block scalars, null, mistakes of any kind), which is for the complete parser. For what it reads, the
 * two agree to the column. It costs a tenth, and can rest after every line: 10,000 routers are two megabytes.
 */
export function* readPlainYaml(file: string, text: string): Steps<ConfigNode | undefined> {
  const reader = new PlainYaml(new PlainText(file, text))
  while (reader.readOn()) yield
  return reader.result
}

interface OpenMap {
  readonly kind: 'map'
  readonly node: MapNode
  readonly entries: Map<string, MapEntry>
  /** Column of its keys, from 0; in brackets it means nothing. */
  readonly indent: number
  /** A key whose value comes next. */
  openKey: PlainKey | undefined
}

interface OpenList {
  readonly kind: 'list'
  readonly node: ListNode
  readonly items: ConfigNode[]
  /** Column of its dashes. */
  readonly indent: number
  /** A dash whose value comes next. */
  isOpen: boolean
}

type Open = OpenMap | OpenList

class PlainYaml {
  /** The document's node, once it has been read to its end. */
  result: ConfigNode | undefined
  readonly #text: PlainText
  /** From the root to the container that the next line belongs to. */
  readonly #block: Open[] = []
  /** The same for what is in brackets. */
  readonly #brackets: Open[] = []
  #root: ConfigNode | undefined

  constructor(text: PlainText) {
    this.#text = text
  }

  /** Reads a line, or an entry of what is in brackets. False at the end, whether or not the text could be read. */
  readOn(): boolean {
    if (this.#brackets.length > 0) return this.#readEntry()
    this.#text.skipToContent()
    if (this.#text.isEnd) return this.#finish()
    if (this.#root === undefined && this.#text.opensBracket) return this.#openBracket(undefined)
    const owner = this.#ownerOfLine()
    if (owner === undefined) return false
    return owner.kind === 'list' ? this.#readItem(owner) : this.#readPair(owner)
  }

  #finish(): false {
    const last = this.#block.at(-1)
    if (last === undefined || !isWaiting(last)) this.result = this.#root
    return false
  }

  /** The container that this line is an entry of, opened if it is the first. */
  #ownerOfLine(): Open | undefined {
    const { column: indent, isDash } = this.#text
    let top = this.#block.at(-1)
    if (top === undefined) return this.#root === undefined ? this.#openBlock(isDash) : undefined
    if (isWaiting(top)) {
      // The dashes of a list may stand right below the key that it belongs to.
      const isNested = indent > top.indent || (indent === top.indent && isDash && top.kind === 'map')
      return isNested ? this.#openBlock(isDash) : undefined
    }
    while (top !== undefined && (top.indent > indent || (top.indent === indent && top.kind === 'list' && !isDash))) {
      this.#block.pop()
      top = this.#block.at(-1)
    }
    return top?.indent === indent && (top.kind === 'list') === isDash ? top : undefined
  }

  #openBlock(isList: boolean): Open {
    const open = isList ? openList(this.#text) : openMap(this.#text)
    this.#attach(this.#block.at(-1), open.node)
    this.#block.push(open)
    return open
  }

  #attach(owner: Open | undefined, node: ConfigNode): void {
    if (owner === undefined) {
      this.#root = node
    } else if (owner.kind === 'list') {
      owner.items.push(node)
      owner.isOpen = false
    } else if (owner.openKey !== undefined) {
      owner.entries.set(owner.openKey.name, { keySource: owner.openKey.source, node })
      owner.openKey = undefined
    }
  }

  #readItem(owner: OpenList): boolean {
    owner.isOpen = true
    this.#text.skipDash()
    if (this.#text.takeLineEnd()) return true
    if (this.#text.isDash) return this.#readNested(openList(this.#text), owner)
    return this.#text.isKey ? this.#readNested(openMap(this.#text), owner) : this.#readValue(owner)
  }

  /** What begins on the line of its dash. */
  #readNested(open: Open, owner: OpenList): boolean {
    this.#attach(owner, open.node)
    this.#block.push(open)
    return open.kind === 'list' ? this.#readItem(open) : this.#readPair(open)
  }

  #readPair(owner: OpenMap): boolean {
    const key = this.#text.takeKey('block')
    if (key === undefined || owner.entries.has(key.name)) return false
    owner.openKey = key
    return this.#text.takeLineEnd() || this.#readValue(owner)
  }

  /** A value behind its key or dash, up to the end of the line. */
  #readValue(owner: Open): boolean {
    if (this.#text.opensBracket) return this.#readBrackets(owner)
    const scalar = this.#text.takeScalar('block')
    if (scalar === undefined || !this.#text.takeLineEnd()) return false
    this.#attach(owner, scalar)
    return true
  }

  #readBrackets(owner: Open): boolean {
    const { line } = this.#text
    if (!this.#openBracket(owner)) return false
    while (this.#brackets.length > 0) if (!this.#readEntry()) return false
    // Over several lines their indentation would matter.
    return this.#text.line === line && this.#text.takeLineEnd()
  }

  #openBracket(owner: Open | undefined): boolean {
    const open = this.#text.isBrace ? openMap(this.#text) : openList(this.#text)
    this.#attach(owner, open.node)
    this.#brackets.push(open)
    this.#text.skip()
    this.#text.skipSpace()
    return this.#text.closes(open.kind) ? this.#closeBrackets() : true
  }

  #readEntry(): boolean {
    const owner = this.#brackets.at(-1)!
    if (owner.kind === 'map') {
      owner.openKey = this.#text.takeKey('brackets')
      if (owner.openKey === undefined || owner.entries.has(owner.openKey.name)) return false
    }
    if (this.#text.opensBracket) return this.#openBracket(owner)
    const scalar = this.#text.takeScalar('brackets')
    if (scalar === undefined) return false
    this.#attach(owner, scalar)
    return this.#closeBrackets()
  }

  /** What ends behind a value, up to the next entry of what does not. */
  #closeBrackets(): boolean {
    for (let open = this.#brackets.at(-1); open !== undefined; open = this.#brackets.at(-1)) {
      this.#text.skipSpace()
      if (!this.#text.closes(open.kind)) return this.#text.takeComma()
      this.#brackets.pop()
      this.#text.skip()
    }
    // What is the whole document ends its line as well; that of a value is for whoever reads that line.
    return this.#block.length > 0 || this.#text.takeLineEnd()
  }
}

function isWaiting(open: Open): boolean {
  return open.kind === 'map' ? open.openKey !== undefined : open.isOpen
}

function openMap({ source, column }: PlainText): OpenMap {
  const entries = new Map<string, MapEntry>()
  return { kind: 'map', node: { kind: 'map', entries, source }, entries, indent: column, openKey: undefined }
}

function openList({ source, column }: PlainText): OpenList {
  const items: ConfigNode[] = []
  return { kind: 'list', node: { kind: 'list', items, source }, items, indent: column, isOpen: false }
}
