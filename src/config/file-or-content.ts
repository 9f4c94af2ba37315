import { readFileSync } from 'node:fs'

/**
 * Traefik's file-or-content: PEM text itself, or the path of a file with it. Throws an Error with a plain message, which
 * never shows a key, for a file that can't be read.
 */
export function fileOrContent(text: string): string {
  if (text.includes('-----BEGIN')) return text
  try {
    return readFileSync(text, 'utf8')
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    const reason = code === 'ENOENT' ? 'no such file, and not PEM text' : `can't read the file (${code})`
    throw new Error(`${reason}: ${JSON.stringify(text)}`, { cause: thrown })
  }
}
