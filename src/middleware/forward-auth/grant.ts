import type { Pattern } from '../../config/pattern.ts'
import { canonicalName, headerValues, type Headers } from '../../http/headers.ts'
import type { HttpResponse } from '../../http/message.ts'
import type { Answer } from './ask.ts'

/** Which fields of an answer are for the server. */
export type FieldChoice = (name: string) => boolean

export function fieldChoice(names: readonly string[], pattern: Pattern | undefined): FieldChoice {
  const chosen = new Set(names.map((name) => name.toLowerCase()))
  return (name) => chosen.has(name.toLowerCase()) || pattern?.matches(canonicalName(name)) === true
}

/**
 * The request's fields with those that the auth server tells. Those that it could have told and does not are gone as
 * well: else a client could tell the server who it is.
 */
export function grantedHeaders(headers: Headers, answer: Headers, isChosen: FieldChoice): Headers {
  const granted: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    if (!isChosen(headers[at]!)) granted.push(headers[at]!, headers[at + 1]!)
  }
  for (let at = 0; at < answer.length; at += 2) {
    if (isChosen(answer[at]!)) granted.push(canonicalName(answer[at]!), answer[at + 1]!)
  }
  return granted
}

/** The cookies of an answer that the client is to get. */
export function chosenCookies(answer: Answer, names: ReadonlySet<string>): readonly string[] {
  if (names.size === 0) return []
  return headerValues(answer.headers, 'set-cookie').filter((cookie) => names.has(cookieName(cookie)))
}

/** The response with these cookies in place of the server's of the same names. */
export function withCookies(response: HttpResponse, cookies: readonly string[]): HttpResponse {
  const names = new Set(cookies.map(cookieName))
  const headers: string[] = []
  for (let at = 0; at < response.headers.length; at += 2) {
    const name = response.headers[at]!
    const value = response.headers[at + 1]!
    if (name.toLowerCase() !== 'set-cookie' || !names.has(cookieName(value))) headers.push(name, value)
  }
  for (const cookie of cookies) headers.push('Set-Cookie', cookie)
  return { ...response, headers }
}

function cookieName(cookie: string): string {
  return cookie.split('=', 1)[0]!.trim()
}
