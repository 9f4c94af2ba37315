import type { ConfigNode } from './node.ts'
import { PlainAnchors } from './plain-yaml-anchors.ts'
import { attach, attachNull, hasKey, isWaiting, mergeAll, openList, openMap, type Open } from './plain-yaml-open.ts'
import type { OpenList, OpenMap } from './plain-yaml-open.ts'
import { PlainText } from './plain-yaml-text.ts'
import type { Steps } from './steps.ts'

/**
 * Reads the plain part of YAML, which nearly every configuration is written in: block maps and lists, `{}` and `[]`
 * (so JSON as well), scalars that are plain, quoted or a block, anchors, aliases and `<<`, comments. Gives undefined for
 * whatever else it meets (other tags, marked keys, several documents, mistakes of any kind), which is for the complete
 * parser. For what it reads, the two agree to the column. It costs a tenth, and can rest after every line: 10,000
 * routers are two megabytes.
 */
export function* readPlainYaml(file: string, text: string): Steps<ConfigNode | undefined> {
  const reader = new PlainYaml(new PlainText(file, text))
  while (reader.readOn()) yield
  return reader.result
}

class PlainYaml {
  /** The document's node, once it has been read to its end. */
  result: ConfigNode | undefined
  readonly #text: PlainText
  readonly #anchors = new PlainAnchors()
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
    if (last !== undefined && isWaiting(last) && !this.#attachNull(last)) return false
    while (this.#block.length > 0) if (!this.#close(this.#block.pop()!)) return false
    this.result = this.#root
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
      if (isNested) return this.#openBlock(isDash)
      if (!this.#attachNull(top)) return undefined
    }
    while (top !== undefined && (top.indent > indent || (top.indent === indent && top.kind === 'list' && !isDash))) {
      if (!this.#close(top)) return undefined
      this.#block.pop()
      top = this.#block.at(-1)
    }
    return top?.indent === indent && (top.kind === 'list') === isDash ? top : undefined
  }

  #openBlock(isList: boolean): Open {
    const owner = this.#block.at(-1)
    const open = (isList ? openList : openMap)(this.#text, owner?.nextAnchor)
    this.#attach(owner, open.node)
    this.#block.push(open)
    return open
  }

  #attach(owner: Open | undefined, node: ConfigNode): void {
    this.#anchors.count()
    if (owner === undefined) this.#root = node
    else attach(owner, node)
  }

  #attachNull(owner: Open): boolean {
    this.#anchors.count()
    return attachNull(owner)
  }

  #close(open: Open): boolean {
    if (open.kind === 'map' && open.merges !== undefined && !mergeAll(open)) return false
    if (open.anchor !== undefined) this.#anchors.close(open.anchor, open.node)
    return true
  }

  #readItem(owner: OpenList): boolean {
    owner.isOpen = true
    this.#text.skipDash()
    if (this.#text.takeLineEnd()) return true
    if (this.#text.isDash) return this.#readNested(openList(this.#text, undefined), owner)
    if (this.#text.isKey) return this.#readNested(openMap(this.#text, undefined), owner)
    this.#readAnchor(owner)
    // A key on the line of the dash would have the anchor, and not the map.
    return !this.#text.isDash && !this.#text.isKey && this.#readValue(owner)
  }

  /** What begins on the line of its dash. */
  #readNested(open: Open, owner: OpenList): boolean {
    this.#attach(owner, open.node)
    this.#block.push(open)
    return open.kind === 'list' ? this.#readItem(open) : this.#readPair(open)
  }

  #readPair(owner: OpenMap): boolean {
    const key = this.#text.takeKey('block')
    if (key === undefined || hasKey(owner, key)) return false
    owner.openKey = key
    if (this.#text.takeLineEnd()) return true
    this.#readAnchor(owner)
    return this.#readValue(owner)
  }

  #readAnchor(owner: Open): void {
    const name = this.#text.takeAnchor()
    if (name !== undefined) owner.nextAnchor = this.#anchors.open(name)
  }

  /** A value behind its key or dash and its anchor, up to the end of the line. */
  #readValue(owner: Open): boolean {
    if (owner.nextAnchor !== undefined && this.#text.takeLineEnd()) return true
    if (this.#text.opensBracket) return this.#openBracket(owner)
    if (this.#readReference(owner)) return this.#text.takeLineEnd()
    const scalar = this.#text.takeScalarLines(owner.indent + 1)
    if (scalar === undefined || !this.#text.takeLineEnd()) return false
    this.#attachScalar(owner, scalar)
    return true
  }

  /** An alias, or null by name. */
  #readReference(owner: Open): boolean {
    if (owner.nextAnchor !== undefined) return false
    const alias = this.#text.takeAlias()
    if (alias === undefined) return this.#text.takeNull() && this.#attachNull(owner)
    const node = this.#anchors.resolve(alias)
    if (node === undefined) return false
    attach(owner, node)
    return true
  }

  #attachScalar(owner: Open, scalar: ConfigNode): void {
    const anchor = owner.nextAnchor
    this.#attach(owner, scalar)
    if (anchor !== undefined) this.#anchors.close(anchor, scalar)
  }

  #openBracket(owner: Open | undefined): boolean {
    const open = (this.#text.isBrace ? openMap : openList)(this.#text, owner?.nextAnchor)
    this.#attach(owner, open.node)
    this.#brackets.push(open)
    this.#text.skip()
    if (!this.#skipSpace()) return false
    return this.#text.closes(open.kind) ? this.#closeBrackets() : true
  }

  /** Within brackets. False where a line is not indented as a value must be. */
  #skipSpace(): boolean {
    const isOtherLine = this.#text.skipSpace()
    const owner = this.#block.at(-1)
    const { column } = this.#text
    if (!isOtherLine || owner === undefined || column > owner.indent) return true
    // Only the last bracket may stand right below the key of the value.
    const [open, ...inner] = this.#brackets
    return inner.length === 0 && open !== undefined && column === owner.indent && this.#text.closes(open.kind)
  }

  #readEntry(): boolean {
    const owner = this.#brackets.at(-1)!
    if (owner.kind === 'map') {
      const key = this.#text.takeKey('brackets')
      if (key === undefined || hasKey(owner, key)) return false
      owner.openKey = key
    }
    this.#readAnchor(owner)
    if (this.#text.opensBracket) return this.#openBracket(owner)
    if (this.#readReference(owner)) return this.#closeBrackets()
    const scalar = this.#text.takeScalar('brackets')
    if (scalar === undefined) return false
    this.#attachScalar(owner, scalar)
    return this.#closeBrackets()
  }

  /** What ends behind a value, up to the next entry of what does not. */
  #closeBrackets(): boolean {
    for (let open = this.#brackets.at(-1); open !== undefined; open = this.#brackets.at(-1)) {
      if (!this.#skipSpace()) return false
      if (!this.#text.closes(open.kind)) {
        if (!this.#text.takeComma() || !this.#skipSpace()) return false
        if (!this.#text.closes(open.kind)) return true
      }
      if (!this.#close(open)) return false
      this.#brackets.pop()
      this.#text.skip()
    }
    return this.#text.takeLineEnd()
  }
}
