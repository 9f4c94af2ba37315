import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'

const source = join(import.meta.dir, '../src')

/** `stripPrefix`, `HostSNIRegexp` → `strip-prefix`, `host-sni-regexp`. */
function fileStem(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
}

interface Registration {
  /** Folder within src. */
  readonly folder: string
  readonly name: string
}

function isNamed(entry: unknown): entry is { readonly name: string } {
  return typeof entry === 'object' && entry !== null && 'name' in entry && typeof entry.name === 'string'
}

/** Every list of definitions that a registry exports; its other lists hold the names of what is missing. */
async function readRegistry(path: string): Promise<Registration[]> {
  const module: Record<string, unknown> = await import(join(source, path))
  const lists = Object.values(module).filter((value) => Array.isArray(value))
  return lists
    .flat()
    .filter(isNamed)
    .map(({ name }) => ({ folder: join(path, '..'), name }))
}

const registries = [...new Bun.Glob('**/registry.ts').scanSync(source)].sort()
const registrations = (await Promise.all(registries.map(readRegistry))).flat()

describe('the registries', () => {
  test('are found', () => {
    expect(registries).toContain('middleware/registry.ts')
    expect(registrations).toContainEqual({ folder: 'middleware', name: 'stripPrefix' })
  })

  test.each(registries)('have no name twice in one list: %s', async (path) => {
    const module: Record<string, unknown> = await import(join(source, path))
    for (const list of Object.values(module).filter((value) => Array.isArray(value))) {
      const names = list.filter(isNamed).map(({ name }) => name.toLowerCase())
      expect(names).toEqual([...new Set(names)])
    }
  })
})

describe.each(registrations)('$folder: $name', ({ folder, name }) => {
  test('is in the file of its name', () => {
    expect(existsSync(join(source, folder, `${fileStem(name)}.ts`))).toBe(true)
  })

  test('has a test file of its name', () => {
    expect(existsSync(join(import.meta.dir, folder, `${fileStem(name)}.test.ts`))).toBe(true)
  })
})

describe('a name', () => {
  test.each([
    ['stripPrefix', 'strip-prefix'],
    ['HostSNIRegexp', 'host-sni-regexp'],
    ['ClientIP', 'client-ip'],
    ['ALPN', 'alpn'],
    ['file', 'file'],
  ])('%s belongs in %s', (name, stem) => {
    expect(fileStem(name)).toBe(stem)
  })
})
