import type { ErrorCode } from '../errors.ts'

/** Why a head was refused; `detail` is for the log alone. After one, the connection must not be read on. */
export interface BadHead {
  readonly kind: 'bad'
  readonly code: ErrorCode
  readonly detail: string
}

export function bad(code: ErrorCode, detail: string): BadHead {
  return { kind: 'bad', code, detail }
}
