import { atOnce, type Steps } from '../../config/steps.ts'
import { executeTemplate, type Segment } from './execute.ts'
import type { Environment } from './function.ts'
import { templateFunctions } from './functions.ts'
import { parseTemplate } from './parse.ts'
import { TemplateFault } from './value.ts'

export type RenderedTemplate =
  | { readonly ok: true; readonly text: string; readonly sourceOffset: (offset: number) => number }
  | { readonly ok: false; readonly message: string; readonly offset: number }

/**
 * Runs a file through Go's text/template with the Sprig functions of Traefik's file provider. `sourceOffset` tells
 * where a character of the result came from: its own place when it is literal text, else the action that wrote it.
 */
export function renderTemplate(source: string, environment: Environment): RenderedTemplate {
  return atOnce(renderTemplateSteps(source, environment))
}

export function* renderTemplateSteps(source: string, environment: Environment): Steps<RenderedTemplate> {
  if (!source.includes('{{')) return { ok: true, text: source, sourceOffset: (offset) => offset }
  try {
    const template = yield* parseTemplate(source, templateFunctions)
    const segments = yield* executeTemplate(template, environment)
    const text = segments.map((segment) => segment.text).join('')
    return { ok: true, text, sourceOffset: offsetMap(segments, source.length) }
  } catch (thrown) {
    if (!(thrown instanceof TemplateFault)) throw thrown
    return { ok: false, message: thrown.message, offset: thrown.offset ?? 0 }
  }
}

function offsetMap(segments: readonly Segment[], sourceLength: number): (offset: number) => number {
  const starts: number[] = []
  let length = 0
  for (const segment of segments) {
    starts.push(length)
    length += segment.text.length
  }
  return (offset) => {
    const index = lastAtMost(starts, offset)
    const segment = segments[index]
    if (segment === undefined) return Math.min(offset, sourceLength)
    if (!segment.isLiteral) return segment.sourceStart
    return segment.sourceStart + Math.min(offset - (starts[index] ?? 0), segment.text.length)
  }
}

function lastAtMost(sorted: readonly number[], wanted: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((sorted[middle] ?? Infinity) <= wanted) low = middle
    else high = middle - 1
  }
  return low
}
