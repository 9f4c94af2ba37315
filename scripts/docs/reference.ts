import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencePages } from './pages.ts'

const folder = join(import.meta.dir, '../../docs/reference')

const pages = new Map(referencePages().map(({ path, text }) => [path, text]))
const present = existsSync(folder) ? [...new Bun.Glob('**/*.md').scanSync(folder)] : []
const outdated = [...pages].filter(([path, text]) => readPage(path) !== text).map(([path]) => path)
const superfluous = present.filter((path) => !pages.has(path))

if (process.argv.includes('--check')) {
  for (const path of [...outdated, ...superfluous]) console.error(`docs/reference/${path} is not what the schemas say`)
  if (outdated.length + superfluous.length > 0) {
    console.error('run scripts/reference')
    process.exit(1)
  }
} else {
  for (const path of outdated) writePage(path, pages.get(path)!)
  for (const path of superfluous) rmSync(join(folder, path))
}

function readPage(path: string): string | undefined {
  return existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined
}

function writePage(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
