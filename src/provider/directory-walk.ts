import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { documentFormat } from '../config/document.ts'

export interface DirectoryWalk {
  /** Configuration files in the order that decides between duplicates: by name, subdirectories in their place. */
  readonly files: readonly string[]
  /** Directories that can't be listed, with the reason. */
  readonly lost: ReadonlyMap<string, unknown>
}

export interface Visitor {
  /** Before a directory is listed. */
  directory(path: string): Promise<void>
  /** A symbolic link to a file or directory. */
  link(path: string): Promise<void>
}

/** Walks a directory as Traefik does, and through symbolic links to directories as well. */
export async function walkDirectory(root: string, visitor: Visitor): Promise<DirectoryWalk> {
  const walk: Walk = { files: [], lost: new Map(), visited: new Set(), visitor }
  await visit(root, walk)
  return walk
}

interface Walk {
  readonly files: string[]
  readonly lost: Map<string, unknown>
  /** Real paths, so that links in a circle end. */
  readonly visited: Set<string>
  readonly visitor: Visitor
}

async function visit(directory: string, walk: Walk): Promise<void> {
  await walk.visitor.directory(directory)
  const names = await listNew(directory, walk)
  for (const name of names) {
    if (isSkipped(name)) continue
    const path = join(directory, name)
    const kind = await kindOf(path)
    if (kind.isLink) await walk.visitor.link(path)
    if (kind.isDirectory) await visit(path, walk)
    else if (isConfigurationFile(name)) walk.files.push(path)
  }
}

async function listNew(directory: string, walk: Walk): Promise<readonly string[]> {
  try {
    const real = await realpath(directory)
    if (walk.visited.has(real)) return []
    walk.visited.add(real)
    return (await readdir(directory)).toSorted()
  } catch (reason) {
    walk.lost.set(directory, reason)
    return []
  }
}

/** JSON is not among them: Traefik's file provider has never read it. */
export function isConfigurationFile(name: string): boolean {
  const format = documentFormat(name)
  return format === 'yaml' || format === 'toml'
}

// Kubernetes keeps the files behind its links in directories that begin with two dots; Emacs' locks are dangling links.
function isSkipped(name: string): boolean {
  return name.startsWith('..') || name.startsWith('.#')
}

async function kindOf(path: string): Promise<{ isDirectory: boolean; isLink: boolean }> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink()
    return { isDirectory: (await stat(path)).isDirectory(), isLink }
  } catch {
    // A link that leads nowhere yet, or a file that went away since: reading it tells.
    return { isDirectory: false, isLink: true }
  }
}
