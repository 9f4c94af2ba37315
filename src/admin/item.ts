import { providerOf } from '../snapshot/reference.ts'
import type { Status } from '../snapshot/status.ts'
import type { LostElement, Standing } from './standing.ts'

/** One line of a list, with what lists are searched and sorted by. */
export interface Item {
  /** Qualified, `app@file`. */
  readonly name: string
  readonly provider: string
  readonly status: Status
  /** The kind of a service or middleware, in lower case. */
  readonly type?: string
  /** These are a router's. */
  readonly rule?: string
  readonly service?: string
  readonly middlewares?: readonly string[]
  readonly priority?: bigint
  readonly entryPoints?: number
  /** How many a load balancer has. */
  readonly servers?: number
  /** Configuration and status, as `/api/rawdata` has them. Made when asked for: a list shows few of its items. */
  describe(): object
}

/** An item as lists and pages of its own have it. */
export function represent({ describe, name, provider, type }: Item): object {
  return { ...describe(), name, provider, ...(type !== undefined && { type }) }
}

/** An element with mistakes in it that was never good. */
export function lostItem({ name, errors }: LostElement): Item {
  const status = 'disabled'
  return { name, provider: providerOf(name), status, describe: () => statusFields({ status, errors }) }
}

export function statusFields({ status, errors }: Standing): object {
  return { ...(errors.length > 0 && { error: errors }), status }
}
