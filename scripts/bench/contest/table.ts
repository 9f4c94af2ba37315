import type { Result } from './result.ts'

const headings = ['', 'req/s', 'CPU µs', 'nginx', 'Caddy', 'p50 ms', 'p99 ms', 'RSS MiB', 'errors', 'wrong'] as const

/** One block per scenario, candidates in their order. */
export function renderTable(results: readonly Result[]): string {
  const titles = [...new Set(results.map(({ title }) => title))]
  return titles
    .map((title) =>
      renderBlock(
        title,
        results.filter((result) => result.title === title),
      ),
    )
    .join('\n')
}

function renderBlock(title: string, results: readonly Result[]): string {
  const rows = results.filter(({ rounds }) => rounds > 0).map(toRow)
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, column === 0 ? 20 : 7, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  const problems = results.flatMap(({ label, problem }) => (problem === undefined ? [] : [`  ${label}: ${problem}`]))
  return [line([title, ...headings.slice(1)]), ...rows.map(line), ...problems, ''].join('\n')
}

function toRow(result: Result): string[] {
  return [
    `  ${result.label}`,
    Math.round(result.requestsPerSecond).toLocaleString('en'),
    result.cpuUsPerRequest.toFixed(1),
    times(result.toNginx),
    times(result.toCaddy),
    result.p50Ms.toFixed(2),
    result.p99Ms.toFixed(2),
    result.residentMiB.toFixed(0),
    String(result.errors),
    String(result.wrong),
  ]
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${ratio.toFixed(2)}×`
}
