import { mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Appends to a file, directory created. Throws an Error with a plain message when it can't be opened. */
export function openLogWriter(path: string): (entry: string) => void {
  const file = openForAppending(path)
  return (entry) => {
    try {
      writeSync(file, entry)
    } catch {
      // A full disk must not end the process; there is nowhere left to say so.
    }
  }
}

function openForAppending(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'a')
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new Error(`cannot open the log file ${path}: ${reason}`, { cause: thrown })
  }
}
