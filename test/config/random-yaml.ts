export type Random = (below: number) => number

export function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[random(values.length)]!
}

const words = [
  'x',
  'x y',
  '1',
  '007',
  '1.5',
  'true',
  'nullx',
  '10s',
  'http://a:1/b',
  '&& X("b")',
  'a#b',
  'é😀中',
  '- x',
]
const oddWords = [
  'x: y',
  'x:',
  '1.',
  '0x1F',
  '.5',
  '~',
  'null',
  '*b',
  '&b',
  '!t',
  '| x',
  '@',
  '? x',
  '"q" z',
  "'",
  '---',
  ':x',
  '%',
]
const plainKeys = ['a', 'b', 'c', 'd', 'long-key', '"q"', "'s'", 'a.b/c@d', '1', 'é']
const oddKeys = ['null', '-a', 'a b', '? a', '*b ', '&b a', '"<<"', 'a:']
const oddLines = ['', '', '# c', '      # c', '# é😀', '  ', '\t', '---', '...', '{}', ']', ' x', '   - x']

/** YAML as it is written, in everything that the plain reader knows; every other text has one odd place. */
export function randomYaml(random: Random): string {
  const text = new Writer(random).document()
  const lines = text.split('\n')
  if (random(3) === 0) lines.splice(random(lines.length), 0, oneOf(random, oddLines))
  const whole = lines.join(random(12) === 0 ? '\r\n' : '\n')
  return random(3) === 0 ? damagedBy(damages, whole, random) : whole
}

const damages = ['', '', ' ', '  ', '\n', '\n  ', ':', ',', ' #', '"', "'", ']', '}', '*b', '- ', '\t', '\r']

/** With one of `damages` in some place, and up to two characters less. */
export function damagedBy(damages: readonly string[], text: string, random: Random): string {
  const at = random(text.length + 1)
  const inserted = oneOf(random, damages)
  return text.slice(0, at) + inserted + text.slice(at + random(3))
}

class Writer {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  document(): string {
    const start = this.#chance(8) ? '---\n' : ''
    const body = this.#chance(10) ? this.#brackets('', 2) : this.#block('', 3)
    return start + body + this.#one(['\n', '', '\n\n', ' # c\n', '\n# c'])
  }

  #chance(of: number): boolean {
    return this.#random(of) === 0
  }

  #one<T>(values: readonly T[]): T {
    return oneOf(this.#random, values)
  }

  #comment(): string {
    return this.#chance(10) ? this.#one([' # c', '  # é: [', ' #', '#x']) : ''
  }

  #block(indent: string, depth: number): string {
    const count = 1 + this.#random(4)
    const isList = this.#chance(4)
    const entries = Array.from({ length: count }, (_, at) =>
      isList ? this.#item(indent, depth) : this.#pair(indent, at, depth),
    )
    return entries.join(this.#chance(8) ? `${this.#comment()}\n\n` : `${this.#comment()}\n`)
  }

  #item(indent: string, depth: number): string {
    if (depth > 1 && this.#chance(3)) {
      const spaces = this.#one([' ', ' ', '   '])
      return `${indent}-${spaces}${this.#block(`${indent} ${spaces}`, depth - 1).trimStart()}`
    }
    return `${indent}-${this.#value(indent, depth) || ' x'}`
  }

  #pair(indent: string, at: number, depth: number): string {
    if (this.#chance(8))
      return `${indent}<<: ${this.#one(['*b', '*b', '*c', '[*b, *c]', '{ a: 1 }', '{ a: ~, e: *b }', 'x', ''])}`
    const key = this.#chance(25) ? this.#one(oddKeys) : this.#chance(4) ? this.#one(plainKeys) : plainKeys[at]!
    return `${indent}${key}:${this.#value(indent, depth)}`
  }

  /** With what stands in front of it. */
  #value(indent: string, depth: number): string {
    const anchor = this.#chance(4)
      ? this.#one([' &b', ' &b', ' &c', ' &b !!str', ' !!str', ' !!int', ' !!bool', ' !!float', ' &d-1'])
      : ''
    switch (this.#random(depth > 0 ? 9 : 6)) {
      case 0:
        return this.#one([' *b', ' *b', ' *c', ' *b ', ' ~', ' null', '', ''])
      case 1:
        return `${anchor} ${this.#brackets(indent, 2)}`
      case 2:
        return `${anchor} ${this.#textOverLines(indent)}`
      case 3:
      case 4:
      case 5:
        return `${anchor}${this.#one([' ', ' ', ' ', '  '])}${this.#scalar()}`
      default: {
        const deeper = this.#chance(9) ? this.#one(['', ' ', '     ']) : '  '
        return `${anchor}${this.#comment()}\n${this.#block(indent + deeper, depth - 1)}`
      }
    }
  }

  #scalar(): string {
    if (this.#chance(15)) return this.#one(oddWords)
    if (this.#chance(3)) return this.#one(['"q # \\n\\u00e9\\""', "'it''s: x'", '""', "''", '"é😀"'])
    return this.#one(words)
  }

  #brackets(indent: string, depth: number): string {
    const isMap = this.#chance(2)
    const gap = this.#chance(4)
      ? `${this.#comment()}\n${indent}${this.#one(['  ', '  ', '    ', ' ', ''])}`
      : this.#one(['', ' '])
    const entries = Array.from({ length: this.#random(4) }, (_, at) => {
      const value = this.#bracketed(indent, depth)
      if (!isMap) return value
      if (this.#chance(8)) return `<<: ${this.#one(['*b', '[*b]', '{ a: 1 }'])}`
      return `${plainKeys[at]}:${this.#one([' ', ' ', ' ', ''])}${value}`
    })
    const inside = entries.join(`,${gap || this.#one([' ', ''])}`) + (this.#chance(9) ? ',' : '')
    return isMap ? `{${gap}${inside}${gap}}` : `[${gap}${inside}${gap}]`
  }

  #bracketed(indent: string, depth: number): string {
    if (depth > 0 && this.#chance(4)) return this.#brackets(indent, depth - 1)
    if (this.#chance(8))
      return this.#one(['*b', '*c', 'null', '~', '&b x', '&c [x]', '!!str 1', '!!int 1', '!!float 1.5'])
    return this.#scalar()
  }

  #textOverLines(indent: string): string {
    const deeper = indent + this.#one(['  ', '  ', ' ', '    ', ''])
    const lines = Array.from({ length: 1 + this.#random(4) }, () => {
      if (this.#chance(6)) return this.#one(['', '', '  ', '# c', `${deeper}  y`, `${deeper}- y`])
      return (
        deeper + this.#one(['x', 'x y', 'y ', '&& Path("/z")', '|| b', '#c', 'x # c', 'é😀', "''", '\\n', 'x: y', 'z:'])
      )
    })
    switch (this.#random(4)) {
      case 0:
        return `${this.#one(['|', '|-', '>', '>-', '|+', '|2', '>- # c', '> '])}\n${lines.join('\n')}`
      case 1:
        return `"x ${lines.join('\n')}"`
      case 2:
        return `'${lines.join('\n')}'`
      default:
        return `x\n${lines.join('\n')}`
    }
  }
}
