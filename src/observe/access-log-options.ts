import type { StatusRange } from '../config/status-range.ts'
import { canonicalName } from '../http/headers.ts'

export type FieldMode = 'keep' | 'drop'
export type HeaderMode = 'keep' | 'drop' | 'redact'

/** `accessLog` of the static configuration, decoded: Traefik's keys, durations in milliseconds. */
export interface AccessLogOptions {
  /** Undefined: standard output. */
  readonly filePath?: string | undefined
  readonly format: 'common' | 'genericCLF' | 'json'
  /** Lines that may wait in memory; 0 leaves it to the batch size and a short timer. */
  readonly bufferingSize: number
  readonly filters?: AccessLogFilters | undefined
  readonly fields?: AccessLogFields | undefined
  readonly addInternals: boolean
}

/** Joined by «or»; nothing set keeps everything. */
export interface AccessLogFilters {
  readonly statusCodes?: readonly StatusRange[] | undefined
  readonly retryAttempts?: boolean | undefined
  /** Keeps what took longer than this. */
  readonly minDuration?: number | undefined
}

export interface AccessLogFields {
  readonly defaultMode: FieldMode
  readonly names?: Modes<FieldMode> | undefined
  readonly headers?: { readonly defaultMode: HeaderMode; readonly names?: Modes<HeaderMode> | undefined } | undefined
  readonly queryParameters?: { readonly defaultMode: FieldMode } | undefined
}

type Modes<Mode> = ReadonlyMap<string, Mode>

export interface FieldSelection {
  /** A field's name in any case. */
  keeps(field: string): boolean
  /** A header's name in any case. */
  header(name: string): HeaderRule
  /** False when every header is dropped, which saves looking at them. */
  readonly keepsHeaders: boolean
  readonly keepsQuery: boolean
}

export interface HeaderRule {
  readonly mode: HeaderMode
  readonly canonicalName: string
}

// Clients choose the names, so there must be an end to remembering them.
const maxKnownNames = 512

export function selectFields(fields: AccessLogFields | undefined): FieldSelection {
  const names = lowerCased(fields?.names)
  const headerNames = lowerCased(fields?.headers?.names)
  const fieldDefault = fields?.defaultMode ?? 'keep'
  const headerDefault = fields?.headers?.defaultMode ?? 'drop'
  const known = new Map<string, HeaderRule>()
  return {
    keeps: (field) => (names.get(field.toLowerCase()) ?? fieldDefault) === 'keep',
    header: (name) => {
      const earlier = known.get(name)
      if (earlier !== undefined) return earlier
      const mode = headerNames.get(name.toLowerCase()) ?? headerDefault
      const rule = { mode, canonicalName: canonicalName(name) }
      if (known.size < maxKnownNames) known.set(name, rule)
      return rule
    },
    keepsHeaders: headerDefault !== 'drop' || [...headerNames.values()].some((mode) => mode !== 'drop'),
    keepsQuery: fields?.queryParameters?.defaultMode !== 'drop',
  }
}

function lowerCased<Mode>(modes: Modes<Mode> | undefined): Map<string, Mode> {
  return new Map([...(modes ?? [])].map(([name, mode]) => [name.toLowerCase(), mode]))
}
