import { describe, expect, test } from 'bun:test'
import { parseRule, type MatcherCall, type RuleNode } from '../../src/route/rule-parser.ts'

/** A tree with its structure in brackets and each node's place in the text. */
function shape(node: RuleNode<MatcherCall>): string {
  const place = `@${node.offset}+${node.length}`
  if (node.kind === 'matcher') {
    return `${node.name}(${node.arguments.map(({ value, offset }) => `${JSON.stringify(value)}@${offset}`).join(' ')})${place}`
  }
  const parts = node.kind === 'not' ? [node.operand] : node.parts
  return `${node.kind}${place}[${parts.map(shape).join(' ')}]`
}

function shapeOf(text: string): string {
  const parsing = parseRule(text)
  return parsing.ok ? shape(parsing.tree) : `${parsing.error.offset}+${parsing.error.length}: ${parsing.error.message}`
}

describe('parseRule', () => {
  test.each([
    ['A(`x`)', 'A("x"@2)@0+6'],
    ['  A ( `x` , "y" )  ', 'A("x"@6 "y"@12)@2+15'],
    ['A(`x`,)', 'A("x"@2)@0+7'],
    ['A()', 'A()@0+3'],
    ['A()&&B()', 'and@0+8[A()@0+3 B()@5+3]'],
    ['A() || B() && C()', 'or@0+17[A()@0+3 and@7+10[B()@7+3 C()@14+3]]'],
    ['A() && B() && C()', 'and@0+17[A()@0+3 B()@7+3 C()@14+3]'],
    ['(A() || B()) && C()', 'and@1+18[or@1+10[A()@1+3 B()@8+3] C()@16+3]'],
    ['!A() && B()', 'and@0+11[not@0+4[A()@1+3] B()@8+3]'],
    ['!(A() || B())', 'not@0+12[or@2+10[A()@2+3 B()@9+3]]'],
    ['!!A()', 'not@0+5[not@1+4[A()@2+3]]'],
    ['A() &&\n  B()\n', 'and@0+12[A()@0+3 B()@9+3]'],
    ['(\nA())', 'A()@2+3'],
    ['A(\n`x`,\n`y`,\n)', 'A("x"@3 "y"@8)@0+14'],
    ['A() /* one */ && // two\r\n B()', 'and@0+29[A()@0+3 B()@26+3]'],
    ['_é1()', '_é1()@0+5'],
    ['A(`a\r\nb`)', 'A("a\\nb"@2)@0+9'],
    ['A(`\\n"`)', 'A("\\\\n\\""@2)@0+8'],
    ['A("\\a\\b\\f\\n\\r\\t\\v\\\\\\"")', 'A("\\u0007\\b\\f\\n\\r\\t\\u000b\\\\\\""@2)@0+23'],
    ['A("\\x41\\102\\u00e9\\U0001F600")', 'A("ABé😀"@2)@0+29'],
    ['A("\\xc3\\xa9\\303\\251")', 'A("éé"@2)@0+21'],
  ])('reads %j', (text, expected) => {
    expect(shapeOf(text)).toBe(expected)
  })

  test.each([
    ['', '0+0: the rule is empty'],
    [' \n', '2+0: the rule is empty'],
    ['A', '0+1: A needs its arguments in parentheses'],
    ['A `x`', '0+1: A needs its arguments in parentheses'],
    ['A(', '0+1: the arguments of A are not closed by )'],
    ['A(`x`', '0+1: the arguments of A are not closed by )'],
    ['A(`x`,', '0+1: the arguments of A are not closed by )'],
    ['A(`x` `y`)', '6+3: expected a comma or ), found the string "y"'],
    ['A(x)', '2+1: expected a string in back-ticks or double quotes, found x'],
    ['A(B())', '2+1: expected a string in back-ticks or double quotes, found B'],
    ['A(,)', '2+1: expected a string in back-ticks or double quotes, found ,'],
    [
      'A(`x`\n)',
      '5+1: expected a comma or ), found a line break (break lines only after an operator, a comma or an opening parenthesis)',
    ],
    [
      'A()\n&& B()',
      '3+1: expected && or ||, found a line break (break lines only after an operator, a comma or an opening parenthesis)',
    ],
    [
      '(A()\n)',
      '4+1: expected &&, || or ), found a line break (break lines only after an operator, a comma or an opening parenthesis)',
    ],
    ['A() B()', '4+1: expected && or ||, found B'],
    ['A())', '3+1: expected && or ||, found )'],
    ['(A()', '0+1: this parenthesis is not closed'],
    ['((A())', '0+1: this parenthesis is not closed'],
    ['(A() B())', '5+1: expected &&, || or ), found B'],
    ['()', '1+1: expected a matcher such as Host(`example.org`), found )'],
    ['&& A()', '0+2: expected a matcher such as Host(`example.org`), found &&'],
    ['A() ||', '6+0: expected a matcher such as Host(`example.org`), found the end of the rule'],
    ['A() && && B()', '7+2: expected a matcher such as Host(`example.org`), found &&'],
    ['!', '1+0: expected a matcher such as Host(`example.org`), found the end of the rule'],
    ['`x`', '0+3: expected a matcher such as Host(`example.org`), found the string "x"'],
    ['"!"', '0+3: expected a matcher such as Host(`example.org`), found the string "!"'],
    ["A('x')", "2+1: ' does not begin a string (use back-ticks or double quotes)"],
    ['A(“x”)', '2+1: “ does not begin a string (use back-ticks or double quotes)'],
    ['A() & B()', '4+1: unexpected & (did you mean &&?)'],
    ['A() | B()', '4+1: unexpected | (did you mean ||?)'],
    ['A(1)', '2+1: unexpected "1"'],
    ['A();', '3+1: unexpected ";"'],
    ['A() /* x', '4+2: the comment is not closed (*/ is missing)'],
    ['A(`x)', '2+1: the string is not closed (` is missing)'],
    ['A("x)', '2+1: the string is not closed (" is missing)'],
    ['A("x\n")', '2+1: the string is not closed (" is missing)'],
    ['A("a\\q")', '4+2: \\q is not an escape of a Go string'],
    ['A("\\\'")', "3+2: \\' is not an escape of a Go string"],
    ['A("\\400")', '3+2: \\4 is not an escape of a Go string'],
    ['A("\\ud800")', '3+2: \\u is not an escape of a Go string'],
    ['A("\\U00110000")', '3+2: \\U is not an escape of a Go string'],
    ['😀', '0+2: unexpected "😀"'],
  ])('refuses %j', (text, expected) => {
    expect(shapeOf(text)).toBe(expected)
  })

  test.each([['('], ['!'], ['!(']])('refuses 100,000 times %s instead of exhausting the stack', (opening) => {
    const parsing = parseRule(opening.repeat(100_000))
    expect(parsing).toMatchObject({ ok: false, error: { message: 'nested too deeply (at most 200 levels)' } })
  })

  test('reads a chain of 20,000 matchers', () => {
    const parsing = parseRule(Array(20_000).fill('A(`x`)').join(' || '))
    expect(parsing.ok && parsing.tree.kind === 'or' && parsing.tree.parts.length).toBe(20_000)
  })

  const rules = [
    '(Host(`a.org`) || Host("b\\u002eorg")) && !PathPrefix(`/x`,) // end',
    '!(A(`x`, "\\x41\\"") /* c */ &&\n B()) || C(`\r\n`)',
  ]
  test.each(rules)('gives an error inside the text for every cut of %j', (rule) => {
    for (let from = 0; from <= rule.length; from++) {
      for (let to = from; to <= rule.length; to++) {
        const text = rule.slice(from, to)
        const parsing = parseRule(text)
        if (parsing.ok) continue
        const { offset, length, message } = parsing.error
        expect(message).not.toBe('')
        expect(offset + length).toBeLessThanOrEqual(text.length)
      }
    }
  })
})
