import { describe, expect, test } from 'bun:test'
import { parseDocument } from '../../../src/config/document.ts'
import { decodeDynamic } from '../../../src/config/dynamic.ts'
import { formatProblem } from '../../../src/config/problem.ts'

function problems(text: string, format: 'yaml' | 'toml' = 'yaml'): string[] {
  const { node } = parseDocument({ file: 'd', text, format })
  return decodeDynamic(node, { provider: 'file', file: 'd', text }).problems.map(formatProblem)
}

const path = 'http.middlewares.b.circuitBreaker.expression'
const unknown = 'unknown function Networkerrorratio'

describe('a mistake in an expression', () => {
  test.each([
    ['http:\n  middlewares:\n    b: { circuitBreaker: { expression: "Networkerrorratio() > 0.3" } }\n', 3, 41],
    ['http:\n  middlewares:\n    b:\n      circuitBreaker:\n        expression: Networkerrorratio() > 0.3\n', 5, 21],
    [
      'http:\n  middlewares:\n    b:\n      circuitBreaker:\n        expression: >\n          RequestThreshold() > 5 &&\n          Networkerrorratio() > 0.3\n',
      7,
      11,
    ],
  ])('is told at its own line and column: %j', (text, line, column) => {
    const [problem] = problems(text)
    expect(problem).toStartWith(`d:${line}:${column}: ${path}: ${unknown} (expected NetworkErrorRatio, `)
  })

  test('is told in TOML too', () => {
    const text = `[http.middlewares.b.buffering]\nretryExpression = 'Attempts() < 2.5'\n`
    expect(problems(text, 'toml')).toEqual([
      'd:2:33: http.middlewares.b.buffering.retryExpression: unexpected 2.5 (expected a whole number such as 50)',
    ])
  })
})
