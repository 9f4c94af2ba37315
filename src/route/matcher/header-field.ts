import { isName } from '../../http/headers.ts'
import type { HttpRequest } from '../../http/message.ts'
import type { Test } from './define.ts'

/** True when any field line of this name has a value that passes; lists in one line are not taken apart. */
export function anyFieldLine(name: string, passes: (value: string) => boolean): Test<HttpRequest> {
  const lower = name.toLowerCase()
  if (lower === 'content-length') return contentLengthTest(passes)
  return ({ headers }) => {
    for (let at = 0; at < headers.length; at += 2) {
      if (isName(headers[at]!, lower) && passes(headers[at + 1]!)) return true
    }
    return false
  }
}

/** The one field that Traefik can match on and that a request here keeps in its framing. */
function contentLengthTest(passes: (value: string) => boolean): Test<HttpRequest> {
  return ({ body }) => body.length !== undefined && body.length > 0 && passes(String(body.length))
}

/** Configured text as a field value has it: its UTF-8, one char per byte. */
export function fieldText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** A field value as text, its bytes read as UTF-8. */
export function textOfField(value: string): string {
  return isAscii(value) ? value : Buffer.from(value, 'latin1').toString('utf8')
}

function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text)
}
