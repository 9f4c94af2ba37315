import { watch, type FSWatcher } from 'node:fs'
import { lstat, readlink, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { documentFormat } from '../config/document.ts'

interface Watched {
  readonly watcher: FSWatcher
  /** A directory that was replaced by another of the same name must be watched anew. */
  readonly identity: string
}

/** What matters in a directory: certain names, or everything that may be configuration. */
interface Interest {
  readonly names: Set<string>
  isWalked: boolean
}

// As many as Linux follows before it says ELOOP.
const maximumLinks = 40

/**
 * Watches directories, never files: a file that is replaced by an atomic rename, saved by an editor, or reached through
 * a symbolic link that is swapped (Kubernetes' `..data`) is another file afterwards, and only its directory knows.
 *
 * Between `begin` and `finish` the caller names what it wants watched; the rest is given up.
 */
export class PathWatch {
  readonly #onChange: () => void
  readonly #onProblem: (directory: string, reason: unknown) => void
  readonly #watched = new Map<string, Watched>()
  #current = new Map<string, Interest>()
  /** Being gathered. What is read is named first, so an event that is of no interest yet comes before the reading. */
  #next = new Map<string, Interest>()
  #isClosed = false

  constructor(onChange: () => void, onProblem: (directory: string, reason: unknown) => void) {
    this.#onChange = onChange
    this.#onProblem = onProblem
  }

  begin(): void {
    this.#next = new Map()
  }

  /** A directory whose configuration files and subdirectories all matter. Ask before listing it. */
  async walked(directory: string): Promise<void> {
    const interest = await this.#want(directory)
    interest.isWalked = true
  }

  /** One path, wherever it leads; what is missing of it is waited for. */
  async path(path: string): Promise<void> {
    let rest = resolve(path)
      .split(sep)
      .filter((part) => part !== '')
    let parent: string = sep
    let links = 0
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      const here = join(parent, name)
      const target = await linkTarget(here)
      if (target === undefined || typeof target === 'string' || rest.length === 0) {
        const interest = await this.#want(parent)
        interest.names.add(name)
      }
      if (target === undefined) return
      if (typeof target !== 'string') {
        parent = here
        continue
      }
      if (++links > maximumLinks) return
      rest = [
        ...resolve(parent, target)
          .split(sep)
          .filter((part) => part !== ''),
        ...rest,
      ]
      parent = sep
    }
  }

  finish(): void {
    this.#current = this.#next
    for (const [directory, { watcher }] of this.#watched) {
      if (this.#current.has(directory)) continue
      watcher.close()
      this.#watched.delete(directory)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const { watcher } of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  async #want(directory: string): Promise<Interest> {
    const existing = this.#next.get(directory)
    if (existing !== undefined) return existing
    const interest: Interest = { names: new Set(), isWalked: false }
    this.#next.set(directory, interest)
    await this.#open(directory)
    return interest
  }

  async #open(directory: string): Promise<void> {
    try {
      const { dev, ino, birthtimeMs } = await stat(directory)
      // Inode numbers are used again at once on some file systems.
      const identity = `${dev}:${ino}:${birthtimeMs}`
      const known = this.#watched.get(directory)
      if (known?.identity === identity || this.#isClosed) return
      known?.watcher.close()
      const watcher = watch(directory, (_event, name) => void this.#changed(directory, name))
      // A watched directory that goes away is an event of its parent, which is watched as well.
      watcher.on('error', () => watcher.close())
      this.#watched.set(directory, { watcher, identity })
    } catch (reason) {
      this.#watched.get(directory)?.watcher.close()
      this.#watched.delete(directory)
      if (!isMissing(reason)) this.#onProblem(directory, reason)
    }
  }

  async #changed(directory: string, name: string | null): Promise<void> {
    for (const interest of [this.#current.get(directory), this.#next.get(directory)]) {
      if (interest === undefined || !(await concerns(interest, directory, name)) || this.#isClosed) continue
      return this.#onChange()
    }
  }
}

/** What is missing is waited for in its parent, and whoever wants to read it tells of it. */
function isMissing(reason: unknown): boolean {
  return reason instanceof Error && 'code' in reason && (reason.code === 'ENOENT' || reason.code === 'ENOTDIR')
}

async function concerns(interest: Interest, directory: string, name: string | null): Promise<boolean> {
  if (name === null || interest.names.has(name)) return true
  if (!interest.isWalked) return false
  // A log file that grows beside the configuration must not have it read again and again.
  return documentFormat(name) !== undefined || extname(name) === '' || !(await isFile(join(directory, name)))
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile()
  } catch {
    return false
  }
}

/** Where a symbolic link leads, false when it is none, undefined when there is nothing. */
async function linkTarget(path: string): Promise<string | false | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : false
  } catch {
    return undefined
  }
}
