import type { Result } from './result.ts'

export interface ChartFacts {
  /** Machine and versions, in one line. */
  readonly caption: string
}

const page = { width: 880, margin: 28, headerHeight: 76, gap: 28 } as const
const panel = { width: 398, titleHeight: 26, rowHeight: 20, bottom: 22 } as const
const bar = { left: 138, longest: 158, height: 12, radius: 2 } as const

/** CPU per request as bars, one panel per scenario. Colours and text stay readable on white and on black. */
export function renderChart(results: readonly Result[], facts: ChartFacts): string {
  const measured = results.filter(({ rounds }) => rounds > 0)
  const scenarios = [...new Set(measured.map(({ scenario }) => scenario))]
  const panels = scenarios.map((name) => measured.filter(({ scenario }) => scenario === name))
  const height = Math.max(0, ...panels.map(panelHeight))
  const drawn = panels.map((rows, index) => {
    const x = page.margin + (index % 2) * (panel.width + page.gap)
    const y = page.headerHeight + Math.floor(index / 2) * height
    return `<g transform="translate(${x} ${y})">\n${renderPanel(rows)}\n</g>`
  })
  const pageHeight = page.headerHeight + Math.ceil(panels.length / 2) * height + page.margin
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${page.width} ${pageHeight}" width="${page.width}" height="${pageHeight}" role="img" aria-labelledby="title caption">`,
    style,
    `<text id="title" class="title" x="${page.margin}" y="34">CPU per proxied request, µs</text>`,
    `<text id="caption" class="caption" x="${page.margin}" y="55">${escapeText(facts.caption)}</text>`,
    ...drawn,
    `<text class="caption" x="${page.margin}" y="${pageHeight - 12}">Shorter is better. Bars are to scale within a panel; × is the ratio to nginx.</text>`,
    '</svg>',
    '',
  ].join('\n')
}

const style = `<style>
  text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #57606a }
  .title { font-size: 20px; font-weight: 600; fill: #24292f }
  .caption { font-size: 12px }
  .scenario { font-size: 13px; font-weight: 600; fill: #24292f }
  .name { font-size: 12px; text-anchor: end }
  .value { font-size: 12px; font-variant-numeric: tabular-nums }
  .own { font-weight: 600; fill: #24292f }
  .fastProxy { fill: #0d9488 } .fetch { fill: #2bb8a8 } .peer { fill: #a3adb8 }
  .axis { stroke: #a3adb8; stroke-opacity: .6 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9aa4ae } .title, .scenario, .own { fill: #e6edf3 } .peer { fill: #5f6b78 }
  }
</style>`

function panelHeight(rows: readonly Result[]): number {
  return panel.titleHeight + rows.length * panel.rowHeight + panel.bottom
}

function renderPanel(rows: readonly Result[]): string {
  const most = Math.max(...rows.map(({ cpuUsPerRequest }) => cpuUsPerRequest))
  const bottom = panel.titleHeight + rows.length * panel.rowHeight
  return [
    `  <text class="scenario" x="0" y="16">${escapeText(rows[0]?.title ?? '')}</text>`,
    ...rows.map((row, index) => renderBar(row, { most, y: panel.titleHeight + index * panel.rowHeight })),
    `  <line class="axis" x1="${bar.left}" x2="${bar.left}" y1="${panel.titleHeight - 2}" y2="${bottom - 2}"/>`,
  ].join('\n')
}

function renderBar(row: Result, { most, y }: { readonly most: number; readonly y: number }): string {
  const length = Math.max(1, (row.cpuUsPerRequest / most) * bar.longest)
  const own = row.candidate === 'fetch' || row.candidate === 'fastProxy'
  const middle = y + panel.rowHeight / 2
  const emphasis = own ? ' own' : ''
  const times = row.toNginx === undefined || row.candidate === 'nginx' ? '' : `  ${row.toNginx.toFixed(2)}×`
  return [
    `  <text class="name${emphasis}" x="${bar.left - 8}" y="${middle + 4}">${escapeText(row.label)}</text>`,
    `  <rect class="${own ? row.candidate : 'peer'}" x="${bar.left}" y="${middle - bar.height / 2}" width="${length.toFixed(1)}" height="${bar.height}" rx="${bar.radius}"/>`,
    `  <text class="value${emphasis}" x="${(bar.left + length + 7).toFixed(1)}" y="${middle + 4}" xml:space="preserve">${figure(row.cpuUsPerRequest)}${times}</text>`,
  ].join('\n')
}

function figure(microseconds: number): string {
  return microseconds < 100 ? microseconds.toFixed(1) : Math.round(microseconds).toLocaleString('en')
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
