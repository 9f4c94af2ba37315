import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { ProxyError } from '../../../src/errors.ts'
import type { Body } from '../../../src/http/body.ts'
import { pullBody } from '../../../src/http/pull-body.ts'
import { Spool, type SpoolLimits } from '../../../src/middleware/buffering/spool.ts'
import { readText } from '../../support/request.ts'
import { unnamedFiles } from './unnamed-files.ts'
import { startProgram } from '../../support/process.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const limits: SpoolLimits = { memoryBytes: 100, maximumBytes: Infinity, tooLarge: 'client.bodyTooLarge' }

function bodyOf(pieces: readonly Uint8Array[], failure?: ProxyError) {
  let at = 0
  return pullBody({
    read: () => {
      const piece = pieces[at++]
      return piece === undefined && failure !== undefined ? Promise.reject(failure) : Promise.resolve(piece)
    },
    cancel: () => {},
    trailers: () => ['X-Sum', '1'],
  })
}

async function readBytes(body: Body): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('Spool', () => {
  test.each([0, 1, 99, 100, 101, 5000, 200_000])('gives %i bytes back, as often as asked', async (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, at) => at % 251))
    const cut = Math.floor(size / 3)
    const spool = await Spool.of(bodyOf([bytes.subarray(0, cut), bytes.subarray(cut)]), limits)
    expect(spool.size).toBe(size)
    for (let time = 0; time < 2; time++) {
      const body = spool.open()
      expect(body.length).toBe(size)
      expect(Buffer.compare(await readBytes(body), bytes)).toBe(0)
      expect(body.trailers).toEqual(['X-Sum', '1'])
    }
    await spool.close()
  })

  test('has a file only when there is more than may be in memory, and none once it is closed', async () => {
    const small = await Spool.of(bodyOf([new Uint8Array(100)]), limits)
    expect(await unnamedFiles(process.pid)).toEqual([])
    const large = await Spool.of(bodyOf([new Uint8Array(101)]), limits)
    expect(await unnamedFiles(process.pid)).toHaveLength(1)
    await large.close()
    await small.close()
    expect(await unnamedFiles(process.pid)).toEqual([])
    expect(
      await large
        .open()
        .read()
        .catch((error: ProxyError) => error.code),
    ).toBe('proxy.unexpected')
  })

  test.each([
    ['too large', new Uint8Array(300), undefined, 'client.bodyTooLarge'],
    ['broken off', new Uint8Array(150), new ProxyError('client.reset', 'gone'), 'client.reset'],
  ])('leaves nothing open of a body that is %s', async (_, bytes, failure, code) => {
    const pieces = [bytes.subarray(0, 150), bytes.subarray(150)]
    const outcome = await Spool.of(bodyOf(pieces, failure), { ...limits, maximumBytes: 250 }).catch((error) => error)
    expect(outcome.code).toBe(code)
    expect(await unnamedFiles(process.pid)).toEqual([])
  })

  test('tells when a body has been read, or is not wanted', async () => {
    const spool = await Spool.of(bodyOf([new Uint8Array(10)]), limits)
    let ended = 0
    await readText(spool.open(() => void (ended += 1)))
    expect(ended).toBe(1)
    spool.open(() => void (ended += 1)).cancel(new ProxyError('client.reset', 'gone'))
    expect(ended).toBe(2)
    await spool.close()
  })

  test('leaves nothing behind when the process is killed', async () => {
    await using folder = await temporaryFolder()
    const source = join(import.meta.dir, '../../../src/middleware/buffering/spool.ts')
    const script = await folder.write(
      'crash.ts',
      `import { Spool } from '${source}'
       import { bytesBody } from '${join(source, '../../../http/body.ts')}'
       const limits = { memoryBytes: 10, maximumBytes: Infinity, tooLarge: 'client.bodyTooLarge' }
       const spool = await Spool.of(bytesBody(new Uint8Array(1e6)), limits)
       console.log('buffered', spool.size)
       await new Promise(() => setInterval(() => {}, 1000))`,
    )
    await using scratch = await temporaryFolder()
    await using program = startProgram([process.execPath, script], { env: { TMPDIR: scratch.path } })
    await program.waitFor(/buffered 1000000/)
    expect(await unnamedFiles(program.pid)).toHaveLength(1)
    program.signal('SIGKILL')
    await program.exited
    expect(await readdir(scratch.path)).toEqual([])
  })
})
