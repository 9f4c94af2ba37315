import { mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Appends to a file, directory created. Throws an Error with a plain message when it can't be opened. */
export function openLogWriter(path: string): (entry: string) => void {
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, 'a')
  return (entry) => {
    try {
      writeSync(file, entry)
    } catch {
      // A full disk must not end the process; there is nowhere left to say so.
    }
  }
}
