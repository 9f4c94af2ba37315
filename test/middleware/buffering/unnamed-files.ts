import { readdir, readlink } from 'node:fs/promises'

/** Temporary files that a process has open and that have no name any more. */
export async function unnamedFiles(pid: number): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`)
  const links = descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => ''))
  return (await Promise.all(links)).filter((target) => /sluice-.*\(deleted\)$/.test(target))
}
