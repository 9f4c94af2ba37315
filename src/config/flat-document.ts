import type { ParsedDocument } from './document.ts'
import type { ConfigNode, MapEntry, MapNode, ScalarNode } from './node.ts'
import type { Problem, Source } from './problem.ts'
import type { Steps } from './steps.ts'

/**
 * A parsed document of one file in three pieces, however many nodes it has: so it goes from thread to thread as fast as
 * memory is copied, and becomes nodes again bit by bit.
 */
export interface FlatDocument {
  /** All texts, one behind the other. */
  readonly texts: string
  /**
   * The nodes, each behind those that it is made of, the root last. What a word of each begins with is its `Form`:
   *
   *     text                   line column length
   *     boolean                line column length value
   *     bigint, number         line column length, length of the value's text
   *     list                   line column, how many of the last nodes are its items
   *     map                    line column, how many are its values, and line, column and length for each key
   *     again                  number of a node that was made before
   */
  readonly words: Int32Array
  readonly problems: readonly Problem[]
}

const form = { text: 0, boolean: 1, bigint: 2, number: 3, list: 4, map: 5, again: 6 } as const

/** Recurses, as the parsers do: throws a RangeError for what is nested beyond the stack. */
export function flattenDocument({ node, problems }: ParsedDocument): FlatDocument {
  const writer = new Writer()
  if (node !== undefined) writer.write(node)
  return { texts: writer.texts.join(''), words: Int32Array.from(writer.words), problems }
}

class Writer {
  readonly words: number[] = []
  readonly texts: string[] = []
  /** Aliases lead to nodes that are elsewhere as well; walked each time, a small file could have no end. */
  readonly #known = new Map<ConfigNode, number>()

  write(node: ConfigNode): void {
    const known = this.#known.get(node)
    if (known !== undefined) {
      this.words.push(form.again, known)
      return
    }
    if (node.kind === 'scalar') {
      this.#writeScalar(node)
    } else if (node.kind === 'list') {
      for (const item of node.items) this.write(item)
      this.words.push(form.list, ...positionOf(node.source), node.items.length)
    } else {
      this.#writeMap(node)
    }
    this.#known.set(node, this.#known.size)
  }

  #writeScalar({ text, value, source }: ScalarNode): void {
    this.texts.push(text)
    const place = [...positionOf(source), text.length] as const
    if (typeof value === 'string') {
      // A scalar that is a text is the same text in both.
      this.words.push(form.text, ...place)
    } else if (typeof value === 'boolean') {
      this.words.push(form.boolean, ...place, Number(value))
    } else {
      const written = Object.is(value, -0) ? '-0' : String(value)
      this.texts.push(written)
      this.words.push(typeof value === 'bigint' ? form.bigint : form.number, ...place, written.length)
    }
  }

  #writeMap({ entries, source }: MapNode): void {
    for (const { node } of entries.values()) this.write(node)
    this.words.push(form.map, ...positionOf(source), entries.size)
    for (const [key, { keySource }] of entries) {
      this.texts.push(key)
      this.words.push(...positionOf(keySource), key.length)
    }
  }
}

function positionOf(source: Source): readonly [line: number, column: number] {
  return source.kind === 'file' ? [source.line, source.column] : [0, 0]
}

/** What `flattenDocument` was given, as it was. */
export function* unflattenDocument(file: string, flat: FlatDocument): Steps<ParsedDocument> {
  const reader = new Reader(file, flat)
  while (reader.readNode()) yield
  return { node: reader.root, problems: flat.problems }
}

class Reader {
  readonly #file: string
  readonly #flat: FlatDocument
  #word = 0
  #character = 0
  /** Those that are no part of another one yet. */
  readonly #open: ConfigNode[] = []
  readonly #known: ConfigNode[] = []

  constructor(file: string, flat: FlatDocument) {
    this.#file = file
    this.#flat = flat
  }

  get root(): ConfigNode | undefined {
    return this.#open[0]
  }

  /** False at the end. */
  readNode(): boolean {
    if (this.#word === this.#flat.words.length) return false
    const kind = this.#take()
    if (kind === form.again) {
      this.#open.push(this.#known[this.#take()]!)
      return true
    }
    const source = this.#takeSource()
    const node =
      kind === form.list ? this.#list(source) : kind === form.map ? this.#map(source) : this.#scalar(kind, source)
    this.#open.push(node)
    this.#known.push(node)
    return true
  }

  #scalar(kind: number, source: Source): ConfigNode {
    const text = this.#takeText()
    if (kind === form.text) return { kind: 'scalar', text, value: text, source }
    if (kind === form.boolean) return { kind: 'scalar', text, value: this.#take() === 1, source }
    const written = this.#takeText()
    return { kind: 'scalar', text, value: kind === form.bigint ? BigInt(written) : Number(written), source }
  }

  #list(source: Source): ConfigNode {
    const size = this.#take()
    return { kind: 'list', items: this.#open.splice(this.#open.length - size, size), source }
  }

  #map(source: Source): ConfigNode {
    const size = this.#take()
    const entries = new Map<string, MapEntry>()
    for (const node of this.#open.splice(this.#open.length - size, size)) {
      const keySource = this.#takeSource()
      entries.set(this.#takeText(), { keySource, node })
    }
    return { kind: 'map', entries, source }
  }

  #take(): number {
    return this.#flat.words[this.#word++]!
  }

  #takeSource(): Source {
    return { kind: 'file', file: this.#file, line: this.#take(), column: this.#take() }
  }

  #takeText(): string {
    const from = this.#character
    this.#character += this.#take()
    return this.#flat.texts.slice(from, this.#character)
  }
}
