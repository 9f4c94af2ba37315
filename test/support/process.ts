import { kill as signalProcess } from 'node:process'

export interface StartOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
}

/** A program that was started for a test. Dispose of it (`await using`): it is ended and waited for. */
export interface RunningProgram extends AsyncDisposable {
  readonly pid: number
  /** All that it has written to either stream so far. */
  readonly output: string
  /** The first match on its output, or on what it writes within the deadline. Rejects when it exits before. */
  waitFor(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  readonly exited: Promise<number>
}

const patienceMs = 10_000

export function startProgram(command: readonly string[], options: StartOptions = {}): RunningProgram {
  const child = Bun.spawn([...command], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  })
  const log = new OutputLog()
  const drained = Promise.all([log.follow(child.stdout), log.follow(child.stderr)])
  const name = command[0] ?? ''
  return {
    pid: child.pid,
    get output() {
      return log.text
    },
    exited: child.exited,
    signal: (signal) => void (child.exitCode === null && signalProcess(child.pid, signal)),
    waitFor: (pattern, deadlineMs = patienceMs) => {
      const gone = Promise.all([child.exited, drained]).then(([code]) => `${name} exited with ${code}`)
      return log.waitFor(pattern, { deadlineMs, gone })
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) child.kill('SIGTERM')
      const stubborn = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await child.exited
      clearTimeout(stubborn)
    },
  }
}

/** Runs a program to its end and gives what it wrote. */
export async function runProgram(
  command: readonly string[],
  options: StartOptions = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const child = Bun.spawn([...command], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  })
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()])
  return { code, stdout, stderr }
}

class OutputLog {
  text = ''
  #changed = Promise.withResolvers<void>()

  async follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const piece of stream) {
      this.text += decoder.decode(piece, { stream: true })
      this.#changed.resolve()
      this.#changed = Promise.withResolvers()
    }
  }

  async waitFor(
    pattern: RegExp,
    { deadlineMs, gone }: { readonly deadlineMs: number; readonly gone: Promise<string> },
  ): Promise<RegExpExecArray> {
    const late = Promise.withResolvers<string>()
    const timer = setTimeout(() => late.resolve(`nothing after ${deadlineMs} ms`), deadlineMs)
    try {
      while (true) {
        const changed = this.#changed.promise.then(() => undefined)
        const match = pattern.exec(this.text)
        if (match !== null) return match
        const why = await Promise.race([changed, gone, late.promise])
        if (why !== undefined && !pattern.test(this.text))
          throw new Error(`${why}; waited for ${pattern}:\n${this.text}`)
      }
    } finally {
      clearTimeout(timer)
    }
  }
}
