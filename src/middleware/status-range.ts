import { scalar, type Decoder } from '../config/schema.ts'

/** Status codes from `low` to `high`, both included. */
export interface StatusRange {
  readonly low: number
  readonly high: number
}

export function parseStatusRange(written: string): StatusRange | undefined {
  const match = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/.exec(written)
  if (match === null) return undefined
  const low = Number(match[1])
  const high = Number(match[2] ?? match[1])
  return low <= high ? { low, high } : undefined
}

export const statusRangeSyntax = 'a status code such as 404 or a range such as 500-599'

export const statusRange: Decoder<StatusRange> = scalar(statusRangeSyntax, (written) => {
  const value = parseStatusRange(written)
  if (value !== undefined) return { ok: true, value }
  return { ok: false, message: `is not a range of status codes: ${JSON.stringify(written)}` }
})

export function isInRange({ low, high }: StatusRange, status: number): boolean {
  return status >= low && status <= high
}
