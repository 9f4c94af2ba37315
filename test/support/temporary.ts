import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
  /** Writes a file in it and gives the file's path. */
  write(name: string, content: string | Uint8Array): Promise<string>
}

/** A new folder that is removed when it is disposed of. Others may read it: nginx drops its privileges. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-'))
  await chmod(path, 0o755)
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name)
      await Bun.write(file, content)
      return file
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
