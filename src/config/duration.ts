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
