import { describe, expect, test } from 'bun:test'
import { formatProblem, type Problem, ProblemCollector, problemToJson } from '../../src/config/problem.ts'

const inFile: Problem = {
  severity: 'error',
  source: { kind: 'file', file: 'a.yaml', line: 3, column: 5 },
  path: 'log.level',
  message: 'is wrong',
}
const inFlag: Problem = { ...inFile, source: { kind: 'flag', flag: '--log.level' } }
const inVariable: Problem = { ...inFile, source: { kind: 'environment', variable: 'SLUICE_LOG_LEVEL' } }

describe('A problem', () => {
  test.each([
    ['of a file', inFile, 'a.yaml:3:5: log.level: is wrong'],
    ['of a flag', inFlag, '--log.level: log.level: is wrong'],
    ['of a variable', inVariable, 'SLUICE_LOG_LEVEL: log.level: is wrong'],
    ['of a whole document', { ...inFile, path: '' }, 'a.yaml:3:5: is wrong'],
    [
      'that is a warning',
      { ...inFile, severity: 'warning' } satisfies Problem,
      'a.yaml:3:5: log.level: warning: is wrong',
    ],
  ] as const)('%s is written on one line', (_, problem, line) => {
    expect(formatProblem(problem)).toBe(line)
  })

  test('becomes flat JSON', () => {
    const common = { severity: 'error', path: 'log.level', message: 'is wrong' } as const
    expect(problemToJson(inFile)).toEqual({ ...common, file: 'a.yaml', line: 3, column: 5 })
    expect(problemToJson(inFlag)).toEqual({ ...common, flag: '--log.level' })
    expect(problemToJson(inVariable)).toEqual({ ...common, variable: 'SLUICE_LOG_LEVEL' })
  })
})

describe('A collector', () => {
  test('sorts by file, line and column as numbers, then variables, then flags', () => {
    const at = (file: string, line: number, column: number): Problem => ({
      ...inFile,
      source: { kind: 'file', file, line, column },
    })
    const sorted = [at('a', 2, 1), at('a', 10, 2), at('a', 10, 11), at('b', 1, 1), inVariable, inFlag]
    const collector = new ProblemCollector()
    collector.addAll(sorted.toReversed())
    expect(collector.sorted()).toEqual(sorted)
  })

  test('has errors only when one is not a warning', () => {
    const collector = new ProblemCollector()
    collector.add({ ...inFile, severity: 'warning' })
    expect(collector.hasErrors).toBe(false)
    collector.add(inFile)
    expect(collector.hasErrors).toBe(true)
  })
})
