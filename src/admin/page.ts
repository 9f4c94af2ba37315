/** A part of a list. */
export interface Page {
  readonly start: number
  readonly end: number
  /** 1 on the last one. */
  readonly next: number
}

const defaultPerPage = 100

/** The page that the query asks for, of a list of so many items, or what is wrong with the question. */
export function pageOf(query: URLSearchParams, total: number): Page | { readonly message: string } {
  const perPage = positive(query.get('per_page'), defaultPerPage)
  const page = positive(query.get('page'), 1)
  if (!perPage.isValid) return { message: `invalid request: per_page: ${perPage.value}` }
  if (!page.isValid) return { message: `invalid request: page: ${page.value}` }
  const start = (page.value - 1) * perPage.value
  if (start !== 0 && start >= total) {
    return { message: `invalid request: page: ${page.value}, per_page: ${perPage.value}` }
  }
  const end = start + perPage.value
  return { start, end: Math.min(end, total), next: end < total ? page.value + 1 : 1 }
}

/** Traefik tells a text that is no number as 0. */
function positive(written: string | null, preset: number): { readonly isValid: boolean; readonly value: number } {
  if (written === null || written === '') return { isValid: true, value: preset }
  const value = /^[+-]?\d{1,15}$/.test(written) ? Number(written) : 0
  return { isValid: value > 0, value }
}
