import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'bun:test'

const root = join(import.meta.dir, '../..')
const pages = ['README.md', ...new Bun.Glob('docs/**/*.md').scanSync(root)].sort()

/** Targets of links and pictures in the project itself, as written. */
function localLinks(markdown: string): string[] {
  const prose = markdown.replace(/^```.*?^```/gms, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^\w+:/.test(target))
}

/** As GitHub makes them of headings. */
function anchors(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '')
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(target)) return true
  return anchor !== undefined && !anchors(readFileSync(target, 'utf8')).includes(anchor)
}

describe('the links', () => {
  test.each(pages)('of %s lead somewhere', (page) => {
    const links = localLinks(readFileSync(join(root, page), 'utf8'))
    expect(links.filter((link) => isBroken(page, link))).toEqual([])
  })

  test('are found', () => {
    expect(localLinks('[a](b.md) ![c](d.svg) [e](https://f.org) ```x```')).toEqual(['b.md', 'd.svg'])
    expect(isBroken('README.md', 'docs/nowhere.md')).toBe(true)
    expect(isBroken('README.md', '#no-such-heading')).toBe(true)
  })
})
