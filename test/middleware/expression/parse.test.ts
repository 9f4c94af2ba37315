import { describe, expect, test } from 'bun:test'
import { parseExpression } from '../../../src/middleware/expression/parse.ts'
import type { Vocabulary } from '../../../src/middleware/expression/vocabulary.ts'

interface Subject {
  readonly whole: number
  readonly part: number
  readonly yes: boolean
  readonly word: string
}

const vocabulary: Vocabulary<Subject> = {
  Whole: {
    takes: [],
    gives: 'integer',
    bind:
      () =>
      ({ whole }) =>
        whole,
  },
  Part: {
    takes: [],
    gives: 'float',
    bind:
      () =>
      ({ part }) =>
        part,
  },
  Yes: {
    takes: [],
    gives: 'boolean',
    bind:
      () =>
      ({ yes }) =>
        yes,
  },
  Word: {
    takes: [],
    gives: 'text',
    bind:
      () =>
      ({ word }) =>
        word,
  },
  Sum: {
    takes: ['integer', 'float'],
    gives: 'float',
    bind:
      ([a = 0, b = 0]) =>
      ({ part }) =>
        a + b + part,
  },
}

const subject: Subject = { whole: 5, part: 0.5, yes: true, word: 'GET' }

function holds(text: string, given: Partial<Subject> = {}): boolean {
  const parsing = parseExpression(text, vocabulary)
  if (!parsing.ok) throw new Error(`${parsing.offset}: ${parsing.message}`)
  return parsing.expression.holds({ ...subject, ...given })
}

describe('an expression', () => {
  test.each([
    ['Whole() == 5', true],
    ['Whole() != 5', false],
    ['Whole() < 5', false],
    ['Whole() <= 5', true],
    ['Whole() > 4', true],
    ['Whole() >= 6', false],
    ['Part() > 0.49', true],
    ['Part() > .49', true],
    ['Part() < 5e-1', false],
    ['Part() <= 5.0e-1', true],
    ['Part() < 1.', true],
    ['Yes()', true],
    ['Word() == "GET"', true],
    ['Word() == `GET`', true],
    ['Word() != "G\\"ET"', true],
    ['Sum(1, 2.5) == 4.0', true],
    ['  Yes ( )&&Whole()>4\n', true],
    ['(Yes())', true],
    ['Whole() == 1 || Yes()', true],
    ['Whole() == 1 && Yes()', false],
    // && binds tighter than ||.
    ['Yes() || Yes() && Whole() == 1', true],
    ['(Yes() || Yes()) && Whole() == 1', false],
    ['Whole() == 1 && Yes() || Yes()', true],
    ['Whole() == 1 && (Yes() || Yes())', false],
  ])('%s is %p', (text, expected) => {
    expect(holds(text)).toBe(expected)
  })

  test('knows its text and the functions in it', () => {
    const parsing = parseExpression('Yes() && Whole() > 1', vocabulary)
    expect(parsing).toMatchObject({ ok: true, expression: { text: 'Yes() && Whole() > 1' } })
    if (parsing.ok) expect([...parsing.expression.functions]).toEqual(['Yes', 'Whole'])
  })

  test.each([
    ['', 0, 'unexpected end (expected a function)'],
    ['Whole()', 0, 'Whole gives a whole number such as 50, which must be compared with one'],
    ['Whole() > 5.0', 10, 'unexpected 5.0 (expected a whole number such as 50)'],
    ['Part() > 1', 9, 'unexpected 1 (expected a number with a decimal point such as 50.0)'],
    ['Part() > -1.0', 9, 'numbers have no sign here'],
    ['0.5 < Part()', 0, 'unexpected 0.5 (expected a function)'],
    ['Whole() > Whole()', 10, 'unexpected Whole (expected a whole number such as 50)'],
    ['Whole() < 5 < 6', 12, 'unexpected < (expected &&, || or the end)'],
    ['Yes() == true', 6, 'what is true or false is not compared'],
    ['Word() > "a"', 7, 'strings are not ordered by > (expected == or !=)'],
    ['Word() == GET', 10, 'unexpected GET (expected a string in quotes or back-ticks)'],
    ['Word() == "GET', 10, 'the string is not closed, or has an escape other than \\" and \\\\'],
    ['!Yes()', 0, 'there is no negation (turn the comparison round instead)'],
    ['Yes() & Yes()', 6, 'unexpected & (did you mean &&?)'],
    ['Whole() = 5', 8, 'unexpected = (did you mean ==?)'],
    ['Yes() &&', 8, 'unexpected end (expected a function)'],
    ['(Yes()', 6, 'unexpected end (expected &&, || or ))'],
    ['Yes())', 5, 'unexpected ) (expected &&, || or the end)'],
    ['Yes', 3, 'unexpected end (expected ()'],
    ['Yes(1)', 4, 'unexpected 1 (expected ), since Yes takes nothing)'],
    ['Sum(1)', 5, 'unexpected ) (expected , since Sum takes 2 numbers)'],
    ['Sum(1, 2)', 7, 'unexpected 2 (expected a number with a decimal point such as 50.0)'],
    ['Yse()', 0, 'unknown function Yse (expected Whole, Part, Yes, Word, Sum; did you mean "Yes"?)'],
    ['yes()', 0, 'unknown function yes (expected Whole, Part, Yes, Word, Sum; did you mean "Yes"?)'],
    ['toString()', 0, 'unknown function toString (expected Whole, Part, Yes, Word, Sum)'],
    ['Yes() ; Yes()', 6, 'unexpected ";"'],
    ['Yes() 😀', 6, 'unexpected "😀"'],
    [`${'('.repeat(101)}Yes()${')'.repeat(101)}`, 100, 'is nested too deeply'],
  ])('%j is refused at %i: %s', (text, offset, message) => {
    expect(parseExpression(text, vocabulary)).toEqual({ ok: false, offset, message })
  })
})
