import { describe, expect, test } from 'bun:test'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LogFile, type LogFileOptions } from '../../src/observe/log-file.ts'
import { createLog, type Log, silentLog } from '../../src/observe/log.ts'
import { temporaryFolder } from '../support/temporary.ts'

const never: Omit<LogFileOptions, 'path'> = { flushIntervalMs: 60_000, flushLines: 0 }

function collectingLog(): { readonly log: Log; readonly entries: string[] } {
  const entries: string[] = []
  const write = (entry: string) => void entries.push(entry)
  return { entries, log: createLog({ level: 'DEBUG', format: 'common', noColor: true, write }) }
}

/** Waits until the file holds `text`; the test's own deadline ends it otherwise. */
async function untilFileIs(path: string, text: string): Promise<void> {
  while ((await readFile(path, 'utf8')) !== text) await new Promise((resolve) => setImmediate(resolve))
}

describe('a log file', () => {
  test('makes its folder and adds to what is there', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a/b/access.log')
    for (const line of ['one\n', 'two\n']) {
      const file = new LogFile({ path, ...never }, silentLog)
      file.write(line)
      await file.close()
    }
    expect(await readFile(path, 'utf8')).toBe('one\ntwo\n')
  })

  test('holds lines back until it is flushed', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, ...never }, silentLog)
    file.write('one\n')
    file.write('größe\n')
    expect(await readFile(path, 'utf8')).toBe('')
    await file.flush()
    expect(await readFile(path, 'utf8')).toBe('one\ngröße\n')
    await file.close()
  })

  test('writes by itself after its interval', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, flushIntervalMs: 5, flushLines: 0 }, silentLog)
    file.write('one\n')
    await untilFileIs(path, 'one\n')
    file.write('two\n')
    await untilFileIs(path, 'one\ntwo\n')
    await file.close()
  })

  test('writes by itself when as many lines wait as may', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, flushIntervalMs: 60_000, flushLines: 2 }, silentLog)
    file.write('one\n')
    file.write('two\n')
    await untilFileIs(path, 'one\ntwo\n')
    await file.close()
  })

  test('writes by itself when a batch is full', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, ...never }, silentLog)
    const line = `${'x'.repeat(1023)}\n`
    for (let count = 0; count < 64; count++) file.write(line)
    await untilFileIs(path, line.repeat(64))
    await file.close()
  })

  test('keeps every line, in order, however writes and flushes mix', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, flushIntervalMs: 1, flushLines: 7 }, silentLog)
    let expected = ''
    for (let number = 0; number < 20_000; number++) {
      file.write(`${number}\n`)
      expected += `${number}\n`
      if (number % 1000 === 0) await file.flush()
    }
    await file.close()
    expect(await readFile(path, 'utf8')).toBe(expected)
  })

  test('drops what comes after it was closed, and may be closed twice', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const { log, entries } = collectingLog()
    const file = new LogFile({ path, ...never }, log)
    file.write('one\n')
    await file.close()
    file.write('two\n')
    await file.close()
    expect(await readFile(path, 'utf8')).toBe('one\n')
    expect(entries).toEqual([])
  })
})

describe('reopening', () => {
  test('writes what waits to the renamed file and goes on in a new one', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, ...never }, silentLog)
    file.write('before\n')
    await rename(path, `${path}.1`)
    file.write('between\n')
    const reopened = file.reopen()
    await reopened
    file.write('after\n')
    await file.close()
    expect(await readFile(`${path}.1`, 'utf8')).toBe('before\nbetween\n')
    expect(await readFile(path, 'utf8')).toBe('after\n')
  })

  test('loses no line that is written meanwhile', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, flushIntervalMs: 1, flushLines: 3 }, silentLog)
    let number = 0
    let expected = ''
    const rotated: string[] = []
    for (let rotation = 0; rotation < 5; rotation++) {
      await rename(path, `${path}.${rotation}`)
      rotated.push(`${path}.${rotation}`)
      const reopened = file.reopen()
      for (const end = number + 100; number < end; number++) {
        file.write(`${number}\n`)
        expected += `${number}\n`
      }
      await reopened
    }
    await file.close()
    const texts = await Promise.all([...rotated, path].map((each) => readFile(each, 'utf8')))
    expect(texts.join('')).toBe(expected)
  })

  test('keeps the old file when the new one cannot be opened, and says so', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'logs/access.log')
    const { log, entries } = collectingLog()
    const file = new LogFile({ path, ...never }, log)
    await rename(join(folder.path, 'logs'), join(folder.path, 'moved'))
    await folder.write('logs', 'a file where the folder was')
    await file.reopen()
    file.write('still here\n')
    await file.close()
    expect(await readFile(join(folder.path, 'moved/access.log'), 'utf8')).toBe('still here\n')
    expect(entries).toHaveLength(1)
    expect(entries[0]).toContain(`ERR cannot open the log file ${path}: `)
  })

  test('makes a file that was removed again', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'access.log')
    const file = new LogFile({ path, ...never }, silentLog)
    await rm(path)
    await file.reopen()
    expect((await stat(path)).size).toBe(0)
    await file.close()
  })
})

describe('a log file that cannot be written', () => {
  test('tells the log once and never its caller', async () => {
    const { log, entries } = collectingLog()
    const file = new LogFile({ path: '/dev/full', ...never }, log)
    for (let count = 0; count < 3; count++) {
      file.write('one\n')
      await file.flush()
    }
    await file.close()
    expect(entries).toHaveLength(1)
    expect(entries[0]).toContain('ERR cannot write the log file')
    expect(entries[0]).toContain('ENOSPC')
    expect(entries[0]).toContain('file=/dev/full')
  })
})

describe('standard output', () => {
  test('is written and left open', async () => {
    const source = join(import.meta.dir, '../../src/observe')
    const script = `
      import { LogFile } from ${JSON.stringify(join(source, 'log-file.ts'))}
      import { silentLog } from ${JSON.stringify(join(source, 'log.ts'))}
      const file = new LogFile({ path: undefined, flushIntervalMs: 60_000, flushLines: 0 }, silentLog)
      for (let number = 0; number < 50_000; number++) file.write(number + '\\n')
      await file.reopen()
      await file.close()
      console.log('end')
    `
    const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' })
    const text = await new Response(child.stdout).text()
    expect(await child.exited).toBe(0)
    expect(text).toBe(`${Array.from({ length: 50_000 }, (_, number) => `${number}\n`).join('')}end\n`)
  })
})
