import { damagedBy, oneOf, type Random } from './random-yaml.ts'

const keys = ['a', 'b', 'c', 'd', '"q.1"', "'s'", 'long-key', '7']
const oddKeys = ['"\\u00e9"', 'a b', 'é', '""', '=', '"""a"""', 'a..b', '.a']
const numbers = ['1', '-7', '+1.50', '0', '1.5', '-0.0']
const texts = ['"x"', '""', "''", "'c:\\d'", '"q\\"\\\\\\n\\u00e9"', '"é中"', '"x # y"', '"a\tb"', "'it\"s'"]
const oddValues = [
  '1e3',
  '0x1F',
  '1_000',
  '2024-01-01',
  'inf',
  '01',
  '1.',
  '"\\N"',
  '"\\x"',
  '"\\ud83d"',
  'x',
  '',
  '"x',
  "'''x",
  'True',
]
const ends = ['', '', '', '', ' ', ' # c', '# é', '\t', ' x', ' # \u0001']

/** TOML as it is written, in everything that the plain reader knows; every other text has one odd place. */
export function randomToml(random: Random): string {
  const lines: string[] = []
  for (let count = 1 + random(7); count > 0; count--)
    lines.push(randomLine(random) + oneOf(random, ends.slice(0, random(8) === 0 ? 10 : 7)))
  const text = lines.join('\n') + oneOf(random, ['\n', '', '\n\n'])
  const whole = random(12) === 0 ? text.replaceAll('\n', '\r\n') : text
  return random(3) === 0 ? damagedBy(damages, whole, random) : whole
}

const damages = ['', '', ' ', '\n', ',', '.', '#', '"', "'", ']', '}', '\\', '=', '\t', '\r', '[', '{']

function randomLine(random: Random): string {
  switch (random(9)) {
    case 0:
      return oneOf(random, ['', '# c', '  ', '\t# é'])
    case 1:
    case 2:
      return `[${randomKey(random, '.')}]`
    case 3:
      return `[[${randomKey(random, '.')}]]`
    default:
      return `${random(5) === 0 ? '  ' : ''}${randomPair(random, 2)}`
  }
}

function randomKey(random: Random, dot: string): string {
  const names = Array.from({ length: 1 + random(random(2) === 0 ? 4 : 1) }, () => {
    return random(40) === 0 ? oneOf(random, oddKeys) : oneOf(random, random(3) === 0 ? keys : keys.slice(0, 4))
  })
  return names.join(random(6) === 0 ? ` ${dot} ` : dot)
}

function randomPair(random: Random, depth: number): string {
  return `${randomKey(random, '.')}${oneOf(random, [' = ', ' = ', '=', ' =\t'])}${randomValue(random, depth)}`
}

function randomValue(random: Random, depth: number): string {
  if (random(25) === 0) return oneOf(random, oddValues)
  switch (random(depth > 0 ? 7 : 4)) {
    case 0:
      return oneOf(random, numbers)
    case 1:
      return oneOf(random, ['true', 'false'])
    case 2:
      return randomTextOverLines(random)
    case 3:
      return oneOf(random, texts)
    case 4:
    case 5: {
      const gap = oneOf(random, ['', '', ' ', '\n', '\n  ', ' # c\n', '\n\n  # é\n'])
      const items = Array.from({ length: random(4) }, () => randomValue(random, depth - 1))
      const last = random(4) === 0 ? oneOf(random, [',', ', ', ' ,', ',,']) : ''
      return `[${gap}${items.join(`${oneOf(random, ['', ' '])},${gap}`)}${last}${gap}]`
    }
    default: {
      const gap = random(12) === 0 ? '\n' : oneOf(random, ['', ' ', ' '])
      const pairs = Array.from({ length: random(4) }, () => randomPair(random, depth - 1))
      return `{${gap}${pairs.join(`,${gap}`)}${random(12) === 0 ? ',' : ''}${gap}}`
    }
  }
}

function randomTextOverLines(random: Random): string {
  const quotes = oneOf(random, ['"""', "'''"])
  const pieces = [
    'x',
    ' y',
    '\n',
    '\n',
    '\n  ',
    '\\\n',
    '\\  \n\n  ',
    '"',
    '""',
    "'",
    "''",
    '\\"',
    '\\\\',
    '\\n',
    '#',
    'é',
    '\t',
    '\\x',
    '\\\t',
  ]
  const text = Array.from({ length: random(6) }, () => oneOf(random, pieces)).join('')
  return quotes + text + quotes
}
