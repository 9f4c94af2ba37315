import { atLeast, between, exactly, type FunctionTable } from './function.ts'
import { expectCount, expectText, isInt64, TemplateFault, type Value } from './value.ts'

// Sequences end up in the configuration's text; longer ones are mistakes.
const maximumSequence = 100_000

export const numberFunctions: FunctionTable = {
  add: atLeast(1, (values) => values.map(toInteger).reduce((sum, value) => wrap(sum + value), 0n)),
  add1: exactly(1, ([value]) => wrap(toInteger(value) + 1n)),
  sub: exactly(2, ([left, right]) => wrap(toInteger(left) - toInteger(right))),
  mul: atLeast(2, (values) => values.map(toInteger).reduce((product, value) => wrap(product * value), 1n)),
  div: exactly(2, ([left, right]) => wrap(toInteger(left) / divisor(right))),
  mod: exactly(2, ([left, right]) => toInteger(left) % divisor(right)),
  max: atLeast(1, (values) => values.map(toInteger).reduce((best, value) => (value > best ? value : best))),
  min: atLeast(1, (values) => values.map(toInteger).reduce((best, value) => (value < best ? value : best))),
  floor: exactly(1, ([value]) => Math.floor(toFloat(value))),
  ceil: exactly(1, ([value]) => Math.ceil(toFloat(value))),
  int: exactly(1, ([value]) => toInteger(value)),
  int64: exactly(1, ([value]) => toInteger(value)),
  float64: exactly(1, ([value]) => toFloat(value)),
  atoi: exactly(1, ([text]) => (/^[+-]?\d+$/.test(expectText(text)) ? toInteger(text) : 0n)),
  until: exactly(1, ([end]) => sequence(0, expectCount(end), expectCount(end) < 0 ? -1 : 1)),
  untilStep: exactly(3, ([start, end, step]) => sequence(expectCount(start), expectCount(end), expectCount(step))),
  seq: between(0, 3, (values) => seq(values.map(expectCount)).join(' ')),
}

/** Sprig's cast: text is parsed, a fraction is cut off, what is no number is 0. */
function toInteger(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isFinite(value) ? wrap(BigInt(Math.trunc(value))) : 0n
  if (typeof value !== 'string') return 0n
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(value)
  if (match === null) return 0n
  const magnitude = BigInt(match[2] ?? '0')
  const integer = match[1] === '-' ? -magnitude : magnitude
  return isInt64(integer) ? integer : 0n
}

function toFloat(value: Value): number {
  if (typeof value === 'string') return Number.parseFloat(value) || 0
  return typeof value === 'number' ? value : Number(toInteger(value))
}

function divisor(value: Value): bigint {
  const integer = toInteger(value)
  if (integer === 0n) throw new TemplateFault('division by zero')
  return integer
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value)
}

function sequence(start: number, end: number, step: number): Value[] {
  if (step === 0 || (end > start ? step < 0 : step > 0)) return []
  const length = Math.ceil((end - start) / step)
  if (length > maximumSequence) throw new TemplateFault(`a sequence of ${length} is too long`)
  return Array.from({ length }, (_, index) => BigInt(start + index * step))
}

/** As the Unix command: the end is part of it. */
function seq([first, second, third]: readonly number[]): Value[] {
  if (first === undefined) return []
  const start = second === undefined ? 1 : first
  const end = third ?? second ?? first
  const step = third === undefined || second === undefined ? (end < start ? -1 : 1) : second
  return sequence(start, end + Math.sign(step), step)
}
