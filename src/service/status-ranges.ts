import { list, scalar } from '../config/schema.ts'

interface StatusRange {
  readonly from: number
  readonly to: number
}

const range = scalar<StatusRange>('a status or a range such as 502 or 500-599', (written) => {
  const found = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/.exec(written)
  if (found === null) return { ok: false, message: `is not a status: ${JSON.stringify(written)}` }
  const from = Number(found[1])
  const to = Number(found[2] ?? found[1])
  return to < from ? { ok: false, message: `ends before it begins: ${written}` } : { ok: true, value: { from, to } }
})

export const statusRanges = list(range)

export function isInRanges(status: number, ranges: readonly StatusRange[]): boolean {
  return ranges.some(({ from, to }) => status >= from && status <= to)
}
