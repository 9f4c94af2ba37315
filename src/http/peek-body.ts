import type { Body } from './body.ts'
import { pullBody } from './pull-body.ts'

export interface PeekedBody {
  /** Undefined for a body without any. */
  readonly first: Uint8Array | undefined
  /** The whole body, `first` included. */
  readonly body: Body
}

/** Waits for the first piece, for what must be known of a body before its head can be written. */
export async function peekBody(body: Body): Promise<PeekedBody> {
  const first = await body.read()
  return { first, body: withPieceInFront(first, body) }
}

/** `first`, then what is left of `rest`: by default the body as it was before `first` was read. */
export function withPieceInFront(first: Uint8Array | undefined, rest: Body, length = rest.length): Body {
  let held = first
  return pullBody({
    length,
    read: () => {
      const piece = held
      held = undefined
      return piece === undefined ? rest.read() : Promise.resolve(piece)
    },
    cancel: (reason) => {
      held = undefined
      rest.cancel(reason)
    },
    trailers: () => rest.trailers,
  })
}
