import { close, fstatSync, mkdirSync, openSync, write } from 'node:fs'
import { dirname } from 'node:path'
import type { Log } from './log.ts'
import { wholeLines } from './whole-lines.ts'

export interface LogFileOptions {
  /** Undefined: standard output. */
  readonly path: string | undefined
  /** Longest time that a line waits in memory. */
  readonly flushIntervalMs: number
  /** Lines that may wait before they are written at once; 0 for no such limit. */
  readonly flushLines: number
}

const batchCharacters = 64 * 1024
// A reader that hangs (a stopped pager, a full pipe) must neither stop the proxy nor fill its memory.
const maxWaitingCharacters = 16 * 1024 * 1024
const retryMs = 10
const closedDescriptor = -1
const standardOutput = 1
// PIPE_BUF: a write to a pipe that is not longer is never mixed with those of other processes.
const pipePieceBytes = process.platform === 'linux' ? 4096 : 512

/**
 * Lines written in batches, in order, one write under way at a time. Failures are told to the log once until a write
 * succeeds again; they never reach the caller.
 */
export class LogFile {
  readonly #options: LogFileOptions
  readonly #log: Log
  /** Workers share standard output. A file that is appended to takes each write whole, a pipe only short ones. */
  readonly #pieceBytes: number
  #descriptor: number
  #waiting = ''
  #waitingLines = 0
  #lostLines = 0
  #failing = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #scheduled = false
  /** Ends when every step so far is done: batches and reopening must not overlap. */
  #lastStep: Promise<void> = Promise.resolve()

  /** Opens the file, with its directory. Throws an Error with a plain message when that fails. */
  constructor(options: LogFileOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#descriptor = options.path === undefined ? standardOutput : openForAppending(options.path)
    this.#pieceBytes = isPipe(this.#descriptor) ? pipePieceBytes : Infinity
  }

  /** Takes one line, line feed included. */
  write(line: string): void {
    if (this.#waiting.length > maxWaitingCharacters) {
      this.#lostLines += 1
      return
    }
    this.#waiting += line
    this.#waitingLines += 1
    if (this.#isBatchFull()) this.#schedule()
    else this.#timer ??= setTimeout(() => this.#schedule(), this.#options.flushIntervalMs).unref()
  }

  /** Resolves when every line so far has been written. */
  flush(): Promise<void> {
    return this.#step(() => this.#writeWaiting())
  }

  /** Goes on in a new file of the same name, after a rotation has renamed the old one. Keeps the old one on failure. */
  reopen(): Promise<void> {
    const { path } = this.#options
    if (path === undefined) return this.flush()
    return this.#step(async () => {
      await this.#writeWaiting()
      const old = this.#descriptor
      try {
        this.#descriptor = openForAppending(path)
      } catch (thrown) {
        this.#log.error(thrown instanceof Error ? thrown.message : String(thrown))
        return
      }
      await closed(old)
    })
  }

  /** Writes what is left and closes the file. Lines that come later are dropped. */
  close(): Promise<void> {
    return this.#step(async () => {
      await this.#writeWaiting()
      if (this.#descriptor > 2) await closed(this.#descriptor)
      this.#descriptor = closedDescriptor
    })
  }

  #isBatchFull(): boolean {
    const { flushLines } = this.#options
    return this.#waiting.length >= batchCharacters || (flushLines > 0 && this.#waitingLines >= flushLines)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    void this.#step(() => this.#writeWaiting())
  }

  #step(run: () => Promise<void>): Promise<void> {
    this.#lastStep = this.#lastStep.then(run)
    return this.#lastStep
  }

  async #writeWaiting(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#scheduled = false
    while (this.#waiting !== '') {
      const batch = Buffer.from(this.#waiting)
      const lines = this.#waitingLines
      this.#waiting = ''
      this.#waitingLines = 0
      if (this.#descriptor !== closedDescriptor) await this.#writeBatch(batch, lines)
    }
  }

  async #writeBatch(batch: Uint8Array, lines: number): Promise<void> {
    try {
      for (const piece of wholeLines(batch, this.#pieceBytes)) await writeAll(this.#descriptor, piece)
      this.#failing = false
    } catch (thrown) {
      this.#lostLines += lines
      if (!this.#failing) this.#log.error('cannot write the log file', this.#fields({ error: String(thrown) }))
      this.#failing = true
      return
    }
    if (this.#lostLines === 0) return
    this.#log.warn('lines of the log file were lost', this.#fields({ lines: this.#lostLines }))
    this.#lostLines = 0
  }

  #fields(more: Record<string, string | number>): Record<string, string | number> {
    return { file: this.#options.path ?? 'standard output', ...more }
  }
}

function openForAppending(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    return openSync(path, 'a', 0o664)
  } catch (thrown) {
    throw new Error(`cannot open the log file ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}

function isPipe(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFIFO()
  } catch {
    return false
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  let at = 0
  while (at < bytes.length) at += await writeSome(descriptor, bytes, at)
}

/** Standard output may be a non-blocking pipe, shared with whoever made it so: full (EAGAIN) is not an error. */
function writeSome(descriptor: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error === null || error === undefined) resolve(written)
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), retryMs)
      else reject(error)
    })
  })
}

function closed(descriptor: number): Promise<void> {
  return new Promise((resolve) => close(descriptor, () => resolve()))
}
