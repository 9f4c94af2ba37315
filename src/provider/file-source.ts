import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { formatProblem, sortProblems, type Problem } from '../config/problem.ts'
import { inSlices } from '../config/steps.ts'
import { Debounce } from './debounce.ts'
import type { Provider, ProviderScope, ProviderUpdate } from './define.ts'
import { walkDirectory } from './directory-walk.ts'
import type { FileOptions } from './file.ts'
import { joinFiles } from './file-join.ts'
import { readConfigurationFile, reasonOf, wholeFileProblem, type FileReader } from './file-reading.ts'
import { unreadable, type FileState } from './file-state.ts'
import { Latest } from './latest.ts'
import { contentDigest, namedFiles } from './named-files.ts'
import { PathWatch } from './path-watch.ts'
import { digestOf } from './sections.ts'

// Long enough for an editor to finish its write, short enough to feel like at once.
const debounce = { quietMs: 50, maximumMs: 500 }

interface Listing {
  readonly files: readonly string[]
  /** Whatever was under these paths before stays as it was. */
  readonly lost: ReadonlyMap<string, string>
}

/** The file provider at work. Reads everything again at each change, and only what has changed is decoded again. */
export class FileSource implements Provider {
  readonly name = 'file'
  readonly isLocal = true
  readonly isThrottled = true
  readonly #options: FileOptions
  readonly #scope: ProviderScope
  readonly #reader: FileReader
  readonly #updates = new Latest<ProviderUpdate>()
  readonly #debounce = new Debounce(() => this.reload(), debounce)
  readonly #watch: PathWatch | undefined
  #files: ReadonlyMap<string, FileState> = new Map()
  #lastDigest: string | undefined
  #scan: 'none' | 'running' | 'running, then again' = 'none'
  #isClosed = false

  constructor(options: FileOptions, scope: ProviderScope) {
    this.#options = options
    this.#scope = scope
    this.#reader = {
      provider: this.name,
      decode: scope.decode,
      environment: scope.environment,
      staticFile: scope.staticFile === undefined ? undefined : resolve(scope.staticFile),
      onRendered: (file, text) => {
        if (options.debugLogGeneratedTemplate) scope.log.debug('template rendered', { file, text })
      },
    }
    if (!options.watch) return
    this.#watch = new PathWatch(
      () => this.#debounce.trigger(),
      (directory, reason) => scope.log.warn("can't watch a directory", { directory, reason: reasonOf(reason) }),
    )
  }

  start(): AsyncIterable<ProviderUpdate> {
    this.reload()
    return this.#updates
  }

  reload(): void {
    if (this.#isClosed) return
    if (this.#scan !== 'none') {
      this.#scan = 'running, then again'
      return
    }
    this.#scan = 'running'
    void this.#scanUntilQuiet()
  }

  close(): void {
    this.#isClosed = true
    this.#debounce.cancel()
    this.#watch?.close()
    this.#updates.close()
  }

  async #scanUntilQuiet(): Promise<void> {
    do {
      this.#scan = 'running'
      try {
        await this.#scanOnce()
      } catch (thrown) {
        this.#scope.log.error('reading the configuration files failed', { reason: reasonOf(thrown) })
      }
    } while (this.#scanIsWanted() && !this.#isClosed)
    this.#scan = 'none'
  }

  #scanIsWanted(): boolean {
    return this.#scan === 'running, then again'
  }

  async #scanOnce(): Promise<void> {
    this.#watch?.begin()
    const listing = this.#options.directory === undefined ? await this.#listFile() : await this.#listDirectory()
    const files = new Map<string, FileState>()
    for (const path of listing.files) {
      files.set(path, await readConfigurationFile(this.#reader, path, this.#files.get(path)))
    }
    for (const [path, problem] of this.#lostProblems(listing)) files.set(path, problem)
    this.#files = files
    const update = await this.#describe([...files.values()])
    this.#watch?.finish()
    if (update.digest === this.#lastDigest) return
    this.#lastDigest = update.digest
    this.#updates.put(update)
  }

  async #listFile(): Promise<Listing> {
    const path = this.#options.filename ?? ''
    await this.#watch?.path(path)
    const isDirectory = await isDirectoryAt(path)
    if (isDirectory !== true) return { files: [path], lost: new Map() }
    return { files: [], lost: new Map([[path, 'is a directory (providers.file.directory is the key for one)']]) }
  }

  async #listDirectory(): Promise<Listing> {
    const root = this.#options.directory ?? ''
    await this.#watch?.path(root)
    if ((await isDirectoryAt(root)) === false) {
      return { files: [], lost: new Map([[root, 'is a file (providers.file.filename is the key for one)']]) }
    }
    const { files, lost } = await walkDirectory(root, {
      directory: async (path) => this.#watch?.walked(resolve(path)),
      link: async (path) => this.#watch?.path(path),
    })
    const reasons = [...lost].map(([path, reason]) => [path, `can't be read: ${reasonOf(reason)}`] as const)
    return { files, lost: new Map(reasons) }
  }

  /** What can't be listed is told as a file of its own, and the files known from there keep their last good version. */
  *#lostProblems({ lost }: Listing): Generator<[string, FileState]> {
    for (const [directory, message] of lost) {
      const problem = wholeFileProblem(directory, message)
      yield [directory, unreadable({ path: directory, previous: undefined }, [problem])]
      for (const [path, previous] of this.#files) {
        if (path.startsWith(directory + sep)) yield [path, { ...unreadable({ path, previous }, []), problems: [] }]
      }
    }
  }

  async #describe(files: readonly FileState[]): Promise<ProviderUpdate> {
    const { configuration, problems } = await inSlices(joinFiles(files))
    const failed = files.flatMap((file) => file.failed)
    const contents: string[] = []
    for (const file of namedFiles(configuration)) {
      await this.#watch?.path(file)
      contents.push(`${file} ${await contentDigest(file)}`)
    }
    const all = sortProblems(problems)
    const parts = [await inSlices(digestOf(configuration)), ...all.map(describe), ...contents]
    const digest = createHash('sha256').update(parts.join('\0')).digest('hex')
    return { configuration, problems: all, failed, digest }
  }
}

function describe(problem: Problem): string {
  return formatProblem(problem)
}

/** Undefined when there is nothing, or no way to know. */
async function isDirectoryAt(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return undefined
  }
}
