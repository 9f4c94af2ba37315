import { integer, invalid, map, type Decoder } from '../config/schema.ts'
import { isInRanges, parseStatusRange, statusRangeSyntax, type StatusRange } from '../config/status-range.ts'

export interface StatusRewrite {
  readonly from: StatusRange
  readonly to: number
}

const codes = map(integer({ min: 200, max: 999 }))

/** `"502-504": 500`, in the order written; the first that holds counts (in Traefik, any of them). */
export const statusRewrites: Decoder<readonly StatusRewrite[]> = {
  expects: `a map from ${statusRangeSyntax} to a status code`,
  describe: codes.describe,
  decode(node, at) {
    const decoded = codes.decode(node, at)
    if (decoded === invalid || node.kind !== 'map') return invalid
    const rewrites: StatusRewrite[] = []
    for (const [written, to] of decoded) {
      const from = parseStatusRange(written)
      if (from !== undefined) rewrites.push({ from, to })
      else at.key(written).error(node.entries.get(written)!.keySource, `is not ${statusRangeSyntax}`)
    }
    return rewrites.length === decoded.size ? rewrites : invalid
  },
}

export function rewriteStatus(rewrites: readonly StatusRewrite[], status: number): number {
  return rewrites.find(({ from }) => isInRanges(status, [from]))?.to ?? status
}
