import { basename } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { functionSpans, sourceFiles, valueImports, type SourceFile } from './support/source-text.ts'

/**
 * Rooms from the lowest level to the highest; those of one line are level with each other. A file belongs to the first
 * entry here that its path (within src) begins with; what names a file goes before what names its folder.
 */
const levels: readonly (readonly string[])[] = [
  ['errors.ts', 'version.ts', 'buffer.d.ts', 'json.d.ts'],
  ['observe/log'],
  ['http/'],
  ['config/', 'config/dynamic-element.ts'],
  ['net/'],
  ['http1/'],
  ['http2/'],
  ['http3/'],
  ['observe/'],
  ['listen/', 'route/', 'middleware/', 'provider/', 'upstream/'],
  ['service/'],
  // What decodes whole documents knows every kind of middleware, service and provider by its registry.
  ['config/dynamic.ts', 'config/dynamic-', 'config/static.ts', 'config/static-', 'config/load-static.ts'],
  ['snapshot/'],
  ['admin/'],
  ['app'],
  ['worker/'],
  ['cli/'],
  ['main.ts'],
]

/** The longest entry decides: `config/dynamic.ts` before `config/`. */
function levelOf(path: string): number {
  const inside = path.replace(/^src\//, '')
  const entries = levels.flatMap((names, level) => names.map((name) => ({ name, level })))
  const matching = entries.filter(({ name }) => inside.startsWith(name))
  matching.sort((left, right) => right.name.length - left.name.length)
  return matching[0]?.level ?? -1
}

/** `src/route/matcher/host.ts` → `route`. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? ''
}

function upwardImports(file: SourceFile): string[] {
  return valueImports(file)
    .filter((target) => target.startsWith('src/') && roomOf(target) !== roomOf(file.path))
    .filter((target) => levelOf(target) >= levelOf(file.path))
    .map((target) => `${file.path} → ${target}`)
}

const everything = await sourceFiles()
const product = everything.filter(({ path }) => path.startsWith('src/'))
const maximum = { fileLines: 400, functionLines: 60 } as const

/** Type positions only: prose has a word after it. */
const anyType = /(?:[:<,|]|\bas)\s*any\b(?=\s*(?:[;,)>\]|=&}]|\[|$))/m
const bannedName = /^(utils?|helpers?|common|manager|base|misc|index)$/

describe('the source', () => {
  test('has a level for every file', () => {
    expect(product.map(({ path }) => path).filter((path) => levelOf(path) < 0)).toEqual([])
  })

  test('imports values only from lower levels or the same folder', () => {
    expect(product.flatMap(upwardImports)).toEqual([])
  })

  test('leaves the project’s own files to itself: nothing in src needs test or scripts', () => {
    const outside = product.flatMap((file) => valueImports(file).filter((target) => /^(test|scripts)\//.test(target)))
    expect(outside).toEqual([])
  })

  test(`has no file of ${maximum.fileLines} lines or more`, () => {
    const long = everything.filter(({ text }) => text.trimEnd().split('\n').length >= maximum.fileLines)
    expect(long.map(({ path }) => path)).toEqual([])
  })

  test(`has no function of ${maximum.functionLines} lines or more`, () => {
    // A test file's `describe` is a function by its form only.
    const judged = everything.filter(({ path }) => !path.endsWith('.test.ts'))
    const long = judged.flatMap((file) =>
      functionSpans(file)
        .filter(({ lines }) => lines >= maximum.functionLines)
        .map(({ line, lines }) => `${file.path}:${line} (${lines} lines)`),
    )
    expect(long).toEqual([])
  })

  test('never says any', () => {
    const guilty = everything.filter(({ path, text }) => !path.endsWith('architecture.test.ts') && anyType.test(text))
    expect(guilty.map(({ path }) => path)).toEqual([])
  })

  test('names files and folders for what they hold', () => {
    const banned = everything.filter(({ path }) =>
      path.split('/').some((segment) => bannedName.test(segment.replace(/(\.test|\.d)?\.ts$/, ''))),
    )
    expect(banned.map(({ path }) => path)).toEqual([])
  })

  test('writes file names in kebab-case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/
    expect(everything.map(({ path }) => path).filter((path) => !kebab.test(basename(path)))).toEqual([])
  })
})

describe('the detectors', () => {
  test.each([
    ['const f = (x) => {\n  a()\n}', 3],
    ['async function f(): Promise<void> {\n  a()\n  b()\n}', 4],
    ['class A {\n  #m(x: string): { a: 1 } {\n    a()\n  }\n}', 3],
    ['function f(\n  x: string,\n): string {\n  return x\n}', 3],
    ['  if (a) {\n    b()\n  }', undefined],
    ['const a = {\n  b: 1,\n}', undefined],
  ])('see a function in %j: %p lines', (text, lines) => {
    expect(functionSpans({ path: 'x.ts', text })[0]?.lines).toBe(lines)
  })

  test.each([
    ['const a: any = 1', true],
    ['b as any', true],
    ['Map<string, any>', true],
    ['x: any[]', true],
    ['// 0: any free port', false],
    ['const anything: Many = 1', false],
  ])('see any in %j: %p', (text, seen) => {
    expect(anyType.test(text)).toBe(seen)
  })

  test.each([
    ["import { a } from '../net/dial.ts'; a()", ['src/net/dial.ts']],
    ["import type { A } from '../net/dial.ts'", []],
    ["import { type A, b } from './b.ts'; b()", ['src/http/b.ts']],
    ["export { a } from './a.ts'", ['src/http/a.ts']],
  ])('see the imports of %j: %p', (text, imports) => {
    expect(valueImports({ path: 'src/http/x.ts', text })).toEqual(imports)
  })
})
