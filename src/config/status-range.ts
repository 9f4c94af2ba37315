import type { Decoder, Parsed } from './decoder.ts'
import { scalar } from './scalar.ts'

/** Status codes from one to another, both included. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}

export function parseStatusRange(written: string): StatusRange | undefined {
  const match = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/.exec(written)
  if (match === null) return undefined
  const from = Number(match[1])
  const to = Number(match[2] ?? match[1])
  return from <= to ? { from, to } : undefined
}

export const statusRangeSyntax = 'a status code such as 404 or a range such as 500-599'

export const statusRange: Decoder<StatusRange> = scalar(statusRangeSyntax, (written): Parsed<StatusRange> => {
  const value = parseStatusRange(written)
  if (value !== undefined) return { ok: true, value }
  return { ok: false, message: `is not a range of status codes: ${JSON.stringify(written)}` }
})

export function isInRanges(status: number, ranges: readonly StatusRange[]): boolean {
  return ranges.some(({ from, to }) => status >= from && status <= to)
}
