/** Values up to this are counted exactly; above, the error is below 1 %: two significant figures, as in Traefik. */
const exactBelow = 256
const stepsPerOctave = exactBelow / 2
const octaves = 24
const largestUs = 3_600_000_000
const cells = exactBelow + octaves * stepsPerOctave

/** How often each latency came, in microseconds up to an hour: a constant amount of memory for any number of them. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(cells)
  #total = 0

  add(latencyMs: number): void {
    const us = Math.min(largestUs, Math.max(0, Math.floor(latencyMs * 1000)))
    this.#counts[cellOf(us)]! += 1
    this.#total += 1
  }

  clear(): void {
    if (this.#total === 0) return
    this.#counts.fill(0)
    this.#total = 0
  }

  /** The latency in milliseconds that `percent` of all in these histograms together do not exceed; 0 without any. */
  static quantileMs(histograms: readonly LatencyHistogram[], percent: number): number {
    const used = histograms.filter((histogram) => histogram.#total > 0)
    const total = used.reduce((sum, histogram) => sum + histogram.#total, 0)
    if (total === 0) return 0
    const wanted = Math.max(1, Math.floor((Math.min(percent, 100) / 100) * total + 0.5))
    let seen = 0
    for (let cell = 0; cell < cells; cell++) {
      for (const histogram of used) seen += histogram.#counts[cell]!
      if (seen >= wanted) return greatestIn(cell) / 1000
    }
    return largestUs / 1000
  }
}

function cellOf(us: number): number {
  if (us < exactBelow) return us
  const octave = 32 - Math.clz32(us) - 8
  return octave * stepsPerOctave + Math.floor(us / 2 ** octave)
}

function greatestIn(cell: number): number {
  if (cell < exactBelow) return cell
  const octave = Math.floor(cell / stepsPerOctave) - 1
  return (cell - octave * stepsPerOctave + 1) * 2 ** octave - 1
}
