export interface AlternativeName {
  /** `DNS`, `IP Address`, `URI` … */
  readonly kind: string
  readonly value: string
}

/**
 * Reads a certificate's `DNS:a.test, IP Address:192.0.2.1`. A value with a comma or a quote in it is itself quoted; it
 * can't be a name that anybody asks for, and must not be taken apart (CVE-2021-44532).
 */
export function parseAlternativeNames(text: string): readonly AlternativeName[] {
  return text
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .split(', ')
    .map((item) => {
      const colon = item.indexOf(':')
      return { kind: item.slice(0, colon), value: item.slice(colon + 1) }
    })
}
