import { readFileSync } from 'node:fs'
import type { Parsed } from '../config/schema.ts'

/** Turns a line such as `name:hash` into what a middleware makes of it. */
export type UserParser<User> = (line: string) => Parsed<User>

/**
 * The users of a `usersFile`: blank lines and comments are skipped. Read once, when the middleware is built. Throws an
 * Error that tells the place, but never the line itself.
 */
export function readUsersFile<User>(file: string | undefined, parse: UserParser<User>): User[] {
  if (file === undefined) return []
  const users: User[] = []
  for (const [at, rawLine] of readLines(file).entries()) {
    const line = rawLine.trim()
    if (line === '' || line.startsWith('#')) continue
    const parsed = parse(line)
    if (!parsed.ok) throw new Error(`${file}:${at + 1}: ${parsed.message}`)
    users.push(parsed.value)
  }
  return users
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? ` (${thrown.code})` : ''
    throw new Error(`usersFile: can't read ${JSON.stringify(file)}${code}`, { cause: thrown })
  }
}

/** No control characters, which would write fields of their own where a server is told the name. */
export function isUserName(name: string): boolean {
  return name !== '' && !/[\x00-\x1f\x7f]/.test(name)
}

/** A name as it comes in a request: its UTF-8, one char per byte. */
export function wireName(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1')
}
