import { atLeast, between, exactly, type Environment, type FunctionTable } from './function.ts'
import { expectText, isTrue, kindOf, TemplateFault, toText, type Value } from './value.ts'

export const logicFunctions: FunctionTable = {
  // The evaluator short-circuits these two; their table entries give the name and the argument count.
  and: atLeast(1, (values) => values.find((value) => !isTrue(value)) ?? values.at(-1)),
  or: atLeast(1, (values) => values.find(isTrue) ?? values.at(-1)),
  not: exactly(1, ([value]) => !isTrue(value)),
  eq: atLeast(2, ([first, ...others]) => others.some((other) => isEqual(first, other))),
  ne: exactly(2, ([left, right]) => !isEqual(left, right)),
  lt: exactly(2, ([left, right]) => compare(left, right) < 0),
  le: exactly(2, ([left, right]) => compare(left, right) <= 0),
  gt: exactly(2, ([left, right]) => compare(left, right) > 0),
  ge: exactly(2, ([left, right]) => compare(left, right) >= 0),
  default: between(1, 2, ([fallback, value]) => (isTrue(value) ? value : fallback)),
  empty: exactly(1, ([value]) => !isTrue(value)),
  coalesce: atLeast(0, (values) => values.find(isTrue)),
  all: atLeast(0, (values) => values.every(isTrue)),
  any: atLeast(0, (values) => values.some(isTrue)),
  ternary: exactly(3, ([yes, no, condition]) => (expectBoolean(condition) ? yes : no)),
  kindOf: exactly(1, ([value]) => kindOf(value)),
  kindIs: exactly(2, ([kind, value]) => expectText(kind) === kindOf(value)),
  fail: exactly(1, ([message]) => {
    throw new TemplateFault(expectText(message))
  }),
  env: exactly(1, ([name], environment) => environment[expectText(name)] ?? ''),
  expandenv: exactly(1, ([text], environment) => expandVariables(expectText(text), environment)),
}

function isEqual(left: Value, right: Value): boolean {
  if (left === undefined || right === undefined) return left === right
  if (typeof left === 'object' || typeof right === 'object') {
    throw new TemplateFault(`a ${kindOf(typeof left === 'object' ? left : right)} can't be compared`)
  }
  if (typeof left !== typeof right) throw incomparable(left, right)
  return left === right
}

function compare(left: Value, right: Value): number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right ? -1 : Number(left > right)
  if (typeof left === 'number' && typeof right === 'number') return left - right
  // Go compares bytes: code points order as UTF-8 does, UTF-16 units do not.
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right))
  throw incomparable(left, right)
}

function incomparable(left: Value, right: Value): TemplateFault {
  return new TemplateFault(`incompatible types for comparison: ${kindOf(left)} and ${kindOf(right)}`)
}

function expectBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value
  throw new TemplateFault(`expected true or false, got ${JSON.stringify(toText(value))}`)
}

/** Go's os.ExpandEnv: `$NAME` and `${NAME}`; a variable that is not set becomes nothing. */
function expandVariables(text: string, environment: Environment): string {
  return text.replace(/\$(?:\{([^}]*)\}|([A-Za-z_]\w*))/g, (_, braced?: string, bare?: string) => {
    return environment[braced ?? bare ?? ''] ?? ''
  })
}
