import type { Handler, Middleware } from '../http/message.ts'
import { traceLayer } from '../observe/trace-layer.ts'

export interface Layer {
  /** Qualified name, `strip@file`. */
  readonly name: string
  /** The key in the configuration, `stripPrefix`; its span is named after it, `StripPrefix`. */
  readonly type: string
  readonly middleware: Middleware
  /** True for one that makes its spans itself. */
  readonly tracesItself?: boolean | undefined
}

/** Folds the layers, outermost first, around `last`: once for a snapshot, so that a request only calls functions. */
export function composeChain(layers: readonly Layer[], last: Handler, options: { readonly traced: boolean }): Handler {
  return layers.reduceRight<Handler>((next, { name, type, middleware, tracesItself }) => {
    const handler = middleware(next)
    return options.traced && tracesItself !== true
      ? traceLayer(spanName(type), { 'traefik.middleware.name': name }, handler)
      : handler
  }, last)
}

function spanName(type: string): string {
  return type.slice(0, 1).toUpperCase() + type.slice(1)
}
