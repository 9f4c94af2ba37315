const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

type Zone = 'utc' | 'local'

/** A function of epoch milliseconds that keeps what it made for the last second: most lines share it. */
function perSecond<Made>(make: (second: number) => Made): (epochMs: number) => Made {
  let last: { readonly second: number; readonly made: Made } | undefined
  return (epochMs) => {
    const second = Math.floor(epochMs / 1000)
    if (last?.second !== second) last = { second, made: make(second) }
    return last.made
  }
}

/** Common log format, `10/Oct/2026:13:55:36 +0000`. */
export function commonLogTime(zone: Zone): (epochMs: number) => string {
  return perSecond((second) => {
    const { shifted, offset } = inZone(second, zone)
    const day = String(shifted.getUTCDate()).padStart(2, '0')
    const month = months[shifted.getUTCMonth()]
    const time = shifted.toISOString().slice(11, 19)
    return `${day}/${month}/${shifted.getUTCFullYear()}:${time} ${offset.replace(':', '')}`
  })
}

/** RFC 3339 to the second, `2026-10-10T13:55:36+02:00`, with `Z` for an offset of nothing as Go writes it. */
export function secondTime(zone: Zone): (epochMs: number) => string {
  return perSecond((second) => {
    const { clock, suffix } = secondParts(second, zone)
    return clock + suffix
  })
}

/** RFC 3339 with the fraction that the clock has (microseconds), trailing zeros cut as Go's RFC3339Nano does. */
export function exactTime(zone: Zone): (epochMs: number) => string {
  const partsOf = perSecond((second) => secondParts(second, zone))
  return (epochMs) => {
    const microseconds = Math.floor((epochMs - Math.floor(epochMs / 1000) * 1000) * 1000)
    const { clock, suffix } = partsOf(epochMs)
    if (microseconds === 0) return clock + suffix
    return `${clock}.${withoutZeros(String(1_000_000 + microseconds))}${suffix}`
  }
}

/** `1120000` → `12`: the leading 1 only held the zeros after it. */
function withoutZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return digits.slice(1, end)
}

function secondParts(second: number, zone: Zone): { readonly clock: string; readonly suffix: string } {
  const { shifted, offset } = inZone(second, zone)
  return { clock: shifted.toISOString().slice(0, 19), suffix: offset === '+00:00' ? 'Z' : offset }
}

function inZone(second: number, zone: Zone): { shifted: Date; offset: string } {
  const instant = new Date(second * 1000)
  const minutes = zone === 'utc' ? 0 : -instant.getTimezoneOffset()
  const size = Math.abs(minutes)
  const hours = String(Math.floor(size / 60)).padStart(2, '0')
  const offset = `${minutes < 0 ? '-' : '+'}${hours}:${String(size % 60).padStart(2, '0')}`
  return { shifted: new Date(second * 1000 + minutes * 60_000), offset }
}
