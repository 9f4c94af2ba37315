import { expect } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Exchange } from '../../src/http/exchange.ts'
import type { AccessLogFields, FieldMode, HeaderMode } from '../../src/observe/access-log-options.ts'
import { type AccessLogOptions, createAccessLog } from '../../src/observe/access-log.ts'
import { silentLog } from '../../src/observe/log.ts'
import { temporaryFolder } from '../support/temporary.ts'

export const defaults: AccessLogOptions = { format: 'common', bufferingSize: 0, addInternals: false }

/** The lines that these exchanges leave in a file. */
export async function linesOf(options: Partial<AccessLogOptions>, ...exchanges: Exchange[]): Promise<string[]> {
  await using folder = await temporaryFolder()
  const filePath = join(folder.path, 'access.log')
  const accessLog = createAccessLog({ ...defaults, filePath, ...options }, silentLog)
  for (const exchange of exchanges) accessLog.record(exchange)
  await accessLog.close()
  const text = await readFile(filePath, 'utf8')
  expect(text === '' || text.endsWith('\n')).toBeTrue()
  return text.split('\n').slice(0, -1)
}

export async function lineOf(options: Partial<AccessLogOptions>, exchange: Exchange): Promise<string> {
  const lines = await linesOf(options, exchange)
  expect(lines).toHaveLength(1)
  return lines[0] ?? ''
}

export async function jsonOf(exchange: Exchange, fields?: AccessLogFields): Promise<Record<string, unknown>> {
  return JSON.parse(await lineOf({ format: 'json', fields }, exchange))
}

export function modes(names: Record<string, FieldMode>, defaultMode: FieldMode = 'keep'): AccessLogFields {
  return { defaultMode, names: new Map(Object.entries(names)) }
}

export function headerModes(names: Record<string, HeaderMode>, defaultMode: HeaderMode = 'drop'): AccessLogFields {
  return { defaultMode: 'keep', headers: { defaultMode, names: new Map(Object.entries(names)) } }
}
