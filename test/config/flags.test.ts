import { describe, expect, test } from 'bun:test'
import { parseFlags } from '../../src/config/flags.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { allowEmpty, boolean, list, map, object, text } from '../../src/config/schema.ts'

const schema = object({
  name: text,
  names: list(text),
  deep: object({ on: boolean, tls: allowEmpty(object({ options: text })) }),
  points: map(object({ address: text, on: boolean, domains: list(object({ main: text })) })),
}).describe()

function parse(...argv: string[]): Record<string, string> {
  const { assignments, problems } = parseFlags(argv, schema)
  expect(problems).toEqual([])
  return Object.fromEntries(assignments.map((given) => [given.path.join('/'), given.text]))
}

describe('Flags', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['with an equals sign', ['--name=x'], { name: 'x' }],
    ['with one dash', ['-name=x'], { name: 'x' }],
    ['with the value after them', ['--name', 'x', '--deep.on'], { name: 'x', 'deep/on': 'true' }],
    ['with an empty value', ['--name='], { name: '' }],
    ['with equals signs in the value', ['--name=a=b'], { name: 'a=b' }],
    ['with a dash in the value', ['--name', '-1'], { name: '-1' }],
    ['that are boolean', ['--deep.on', '--DEEP.ON=false'], { 'DEEP/ON': 'false' }],
    ['that are boolean, before another', ['--points.web.on', '--name=x'], { 'points/web/on': 'true', name: 'x' }],
    ['of a section', ['--deep.tls', '--deep.tls.options=x'], { 'deep/tls': 'true', 'deep/tls/options': 'x' }],
    ['of a list, given again', ['--names=a', '--names=b,c'], { names: 'a,b,c' }],
    ['of a scalar, given again', ['--name=a', '--Name=b'], { Name: 'b' }],
    ['with an index', ['--points.web.domains[0].main=x'], { 'points/web/domains/0/main': 'x' }],
    ['that are unknown', ['--nmae', 'x'], { nmae: 'x' }],
  ])('%s are read', (_, argv, expected) => {
    expect(parse(...argv)).toEqual(expected)
  })

  test.each([[['--configFile=a.yaml']], [['--configfile', 'a.yaml']], [['--configFile=b.yaml', '-configFile=a.yaml']]])(
    'name the configuration file: %j',
    (argv) => {
      expect(parseFlags(argv, schema)).toEqual({ configFile: 'a.yaml', assignments: [], problems: [] })
    },
  )

  test.each([
    [['x'], 'x: is not a flag (expected --name=value)'],
    [['my/sluice.yaml'], 'my/sluice.yaml: is not a flag (did you mean --configFile=my/sluice.yaml?)'],
    [['--'], '--: is not a flag (expected --name=value)'],
    [['---name=x'], '---name=x: is not a flag (expected --name=value)'],
    [['--=x'], '--=x: is not a flag (expected --name=value)'],
    [['--name'], '--name: needs a value (expected =value after it)'],
    [['--configFile'], '--configFile: needs a value (expected =value after it)'],
    [['--name', '--deep.on'], '--name: needs a value (expected =value after it)'],
    [['--deep.on', 'true'], 'true: is not a flag (expected --name=value)'],
  ])('%j are refused', (argv, problem) => {
    expect(parseFlags(argv, schema).problems.map(formatProblem)).toEqual([problem])
  })
})
