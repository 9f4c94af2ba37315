import type { Parsed } from './decoder.ts'

const msPerUnit: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y

// Go's durations are int64 nanoseconds: about 292 years.
const maximumMs = Number(2n ** 63n) / 1e6

/** Milliseconds from Go syntax (`1m30s`, `300ms`) or from a whole number of seconds (Traefik §1.2). */
export function parseDuration(text: string): Parsed<number> {
  const sign = text.startsWith('-') ? -1 : 1
  const unsigned = text.replace(/^[+-]/, '')
  const ms = /^\d+$/.test(unsigned) ? Number(unsigned) * 1000 : parseParts(unsigned)
  if (ms === undefined) return { ok: false, message: `is not a duration: ${JSON.stringify(text)}` }
  if (ms > maximumMs) return { ok: false, message: `is too long a duration: ${text}` }
  return { ok: true, value: ms === 0 ? 0 : sign * ms }
}

function parseParts(text: string): number | undefined {
  let ms = 0
  let offset = 0
  while (offset < text.length) {
    part.lastIndex = offset
    const found = part.exec(text)
    const factor = msPerUnit[found?.[2] ?? '']
    if (found === null || factor === undefined) return undefined
    ms += Number(found[1]) * factor
    offset = part.lastIndex
  }
  return offset === 0 ? undefined : ms
}

const nsPerUnit = [
  ['h', 3_600_000_000_000],
  ['m', 60_000_000_000],
] as const

/** Milliseconds as Go writes a duration: `1m30s`, `1.5s`, `300ms`, `12.5µs`, `0s`. */
export function formatDuration(ms: number): string {
  let left = Math.round(Math.abs(ms) * 1e6)
  const sign = ms < 0 && left > 0 ? '-' : ''
  if (left === 0) return '0s'
  if (left < 1e3) return `${sign}${left}ns`
  if (left < 1e6) return `${sign}${left / 1e3}µs`
  if (left < 1e9) return `${sign}${left / 1e6}ms`
  let text = sign
  for (const [unit, ns] of nsPerUnit) {
    // Zero minutes are written after hours: `1h0m0s`.
    if (left >= ns || text !== sign) text += `${Math.floor(left / ns)}${unit}`
    left %= ns
  }
  return `${text}${left / 1e9}s`
}
