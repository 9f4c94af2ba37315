import { describe, expect, test } from 'bun:test'
import type { Problem } from '../../src/config/problem.ts'
import { createLog } from '../../src/observe/log.ts'
import { ProblemBoard } from '../../src/worker/problem-board.ts'

function board() {
  const entries: string[] = []
  const write = (entry: string) => void entries.push(entry.slice('2026-01-01T00:00:00Z '.length, -1))
  const log = createLog({ level: 'INFO', format: 'common', noColor: true, write })
  return { board: new ProblemBoard<string>(log), entries }
}

const problem = (message: string, severity: Problem['severity'] = 'error'): Problem => {
  return { severity, source: { kind: 'file', file: 'd.yaml', line: 3, column: 5 }, path: 'http.routers.a', message }
}

describe('the board of problems', () => {
  test('logs what several workers say once', () => {
    const { board: problems, entries } = board()
    problems.set('one', [problem('bad'), problem('odd', 'warning')])
    problems.set('two', [problem('bad'), problem('odd', 'warning')])
    expect(entries).toEqual(['ERR d.yaml:3:5: http.routers.a: bad', 'WRN d.yaml:3:5: http.routers.a: warning: odd'])
  })

  test('logs what only one of them says', () => {
    const { board: problems, entries } = board()
    problems.set('one', [])
    problems.set('two', [problem('bad')])
    expect(entries).toHaveLength(1)
  })

  test('logs a problem again when it had gone everywhere', () => {
    const { board: problems, entries } = board()
    for (const found of [[problem('bad')], [], [problem('bad')]]) {
      problems.set('one', found)
      problems.set('two', found)
    }
    expect(entries).toHaveLength(2)
  })

  test('knows nothing of workers that have gone', () => {
    const { board: problems, entries } = board()
    problems.set('one', [problem('bad')])
    problems.forget('one')
    problems.set('two', [problem('bad')])
    expect(entries).toHaveLength(2)
  })
})
