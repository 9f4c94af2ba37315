import { describe, expect, test } from 'bun:test'
import { mkdir, rename, rm, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary.ts'
import { problemsIn, provide, routers, routersIn } from './provided.ts'

describe('the options of the file provider', () => {
  test.each([
    ['nothing', {}, 'names no file (expected filename or directory)'],
    ['another extension', { filename: 'a.json' }, 'filename has the extension ".json" (expected .yaml, .yml or .toml)'],
  ])('refuse %s', async (_, written, message) => {
    const { fileProvider } = await import('../../src/provider/file.ts')
    const { decodeText } = await import('../config/decode-text.ts')
    const { problems } = decodeText(fileProvider.options, JSON.stringify({ watch: true, ...written }))
    expect(problems).toEqual([`file:1:1: ${message}`])
  })
})

describe('a file', () => {
  test.each(['dynamic.yaml', 'dynamic.yml', 'dynamic.YAML'])('is read as YAML when it is called %s', async (name) => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: await folder.write(name, routers({ a: '/a' })) })
    expect(routersIn(await provided.next())).toEqual({ a: 'Path(`/a`)' })
  })

  test('is read as TOML by its extension', async () => {
    await using folder = await temporaryFolder()
    const text = '[http.routers.a]\nrule = "Path(`/a`)"\nservice = "app"\n'
    using provided = provide({ filename: await folder.write('dynamic.toml', text) })
    expect(routersIn(await provided.next())).toEqual({ a: 'Path(`/a`)' })
  })

  test('that changes makes an update', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: await folder.write('d.yaml', routers({ a: '/a' })) })
    await provided.next()
    await folder.write('d.yaml', routers({ a: '/b' }))
    expect(routersIn(await provided.next())).toEqual({ a: 'Path(`/b`)' })
  })

  test('that becomes empty clears the configuration', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: await folder.write('d.yaml', routers({ a: '/a' })) })
    await provided.next()
    await folder.write('d.yaml', '')
    const update = await provided.next()
    expect(routersIn(update)).toEqual({})
    expect(update.problems).toEqual([])
  })

  test('that is missing is a problem until it appears', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: join(folder.path, 'deep/er/d.yaml') })
    const missing = await provided.next()
    expect(problemsIn(missing, folder.path)).toEqual(["deep/er/d.yaml:1:1: can't be read: it does not exist"])
    await folder.write('deep/er/d.yaml', routers({ a: '/a' }))
    const update = await provided.until(({ problems }) => problems.length === 0)
    expect(routersIn(update)).toEqual({ a: 'Path(`/a`)' })
  })

  test('that goes away leaves its last good version and a problem', async () => {
    await using folder = await temporaryFolder()
    const filename = await folder.write('d.yaml', routers({ a: '/a' }))
    using provided = provide({ filename })
    await provided.next()
    await unlink(filename)
    const update = await provided.next()
    expect(routersIn(update)).toEqual({ a: 'Path(`/a`)' })
    expect(problemsIn(update, folder.path)).toEqual(["d.yaml:1:1: can't be read: it does not exist"])
    expect(update.failed).toMatchObject([{ section: 'httpRouters', name: 'a', isLastGoodKept: true }])
  })

  test('that is a directory is told which key it wants', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: folder.path, watch: false })
    const [problem] = (await provided.next()).problems
    expect(problem?.message).toBe('is a directory (providers.file.directory is the key for one)')
  })

  test('may be the static configuration as well', async () => {
    await using folder = await temporaryFolder()
    const text = `entryPoints: { web: { address: ':80' } }\n${routers({ a: '/a' })}`
    const filename = await folder.write('d.yaml', text)
    using provided = provide({ filename, staticFile: filename })
    expect((await provided.next()).problems).toEqual([])
  })

  test('that is watched makes no update when its content stays the same', async () => {
    await using folder = await temporaryFolder()
    const filename = await folder.write('d.yaml', routers({ a: '/a' }))
    using provided = provide({ filename })
    const { digest } = await provided.next()
    const pending = provided.next()
    await folder.write('d.yaml', routers({ a: '/a' }))
    provided.reload()
    await folder.write('d.yaml', `# moved by a comment\n${routers({ a: '/a' })}`)
    provided.reload()
    await folder.write('d.yaml', routers({ a: '/b' }))
    const update = await pending
    expect(update.digest).not.toBe(digest)
    expect(routersIn(update)).toEqual({ a: 'Path(`/b`)' })
  })

  test('that is not watched is read again on reload only', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: await folder.write('d.yaml', routers({ a: '/a' })), watch: false })
    await provided.next()
    await folder.write('d.yaml', routers({ a: '/b' }))
    provided.reload()
    expect(routersIn(await provided.next())).toEqual({ a: 'Path(`/b`)' })
  })
})

describe('watching', () => {
  test('sees an atomic rename, and the next one too', async () => {
    await using folder = await temporaryFolder()
    const filename = await folder.write('d.yaml', routers({ a: '/0' }))
    using provided = provide({ filename })
    await provided.next()
    for (const path of ['/1', '/2', '/3']) {
      await rename(await folder.write('.d.yaml.tmp', routers({ a: path })), filename)
      expect(routersIn(await provided.next())).toEqual({ a: `Path(\`${path}\`)` })
    }
  })

  test('sees an editor that moves the old file away and writes a new one', async () => {
    await using folder = await temporaryFolder()
    const filename = await folder.write('d.yaml', routers({ a: '/old' }))
    using provided = provide({ filename })
    await provided.next()
    await rename(filename, `${filename}~`)
    await folder.write('d.yaml', routers({ a: '/new' }))
    const update = await provided.until(({ problems }) => problems.length === 0)
    expect(routersIn(update)).toEqual({ a: 'Path(`/new`)' })
  })

  test.each(['filename', 'directory'] as const)('sees the swapped ..data of Kubernetes through a %s', async (kind) => {
    await using folder = await temporaryFolder()
    await folder.write('..1/d.yaml', routers({ a: '/1' }))
    await symlink('..1', join(folder.path, '..data'))
    await symlink('..data/d.yaml', join(folder.path, 'd.yaml'))
    using provided = provide(
      kind === 'filename' ? { filename: join(folder.path, 'd.yaml') } : { directory: folder.path },
    )
    const first = await provided.next()
    expect(routersIn(first)).toEqual({ a: 'Path(`/1`)' })
    expect(first.problems).toEqual([])
    for (const version of ['2', '3']) {
      await folder.write(`..${version}/d.yaml`, routers({ a: `/${version}` }))
      await symlink(`..${version}`, join(folder.path, '..data_tmp'))
      await rename(join(folder.path, '..data_tmp'), join(folder.path, '..data'))
      await rm(join(folder.path, `..${Number(version) - 1}`), { recursive: true })
      expect(routersIn(await provided.next())).toEqual({ a: `Path(\`/${version}\`)` })
    }
  })

  test('sees files in subdirectories, new ones and removed ones among them', async () => {
    await using folder = await temporaryFolder()
    await folder.write('a.yaml', routers({ a: '/a' }))
    using provided = provide({ directory: folder.path })
    await provided.next()
    await folder.write('new/deep/b.yaml', routers({ b: '/b' }))
    const isThere = await provided.until(({ configuration }) => configuration.httpRouters.has('b'))
    expect(Object.keys(routersIn(isThere))).toEqual(['a', 'b'])
    await folder.write('new/deep/b.yaml', routers({ c: '/c' }))
    expect(Object.keys(routersIn(await provided.next()))).toEqual(['a', 'c'])
    await rm(join(folder.path, 'new'), { recursive: true })
    const isGone = await provided.until(({ configuration }) => configuration.httpRouters.size === 1)
    expect(routersIn(isGone)).toEqual({ a: 'Path(`/a`)' })
    expect(isGone.problems).toEqual([])
  })

  test('sees a directory that is replaced by another of its name', async () => {
    await using folder = await temporaryFolder()
    await folder.write('live/a.yaml', routers({ a: '/1' }))
    await folder.write('next/a.yaml', routers({ a: '/2' }))
    using provided = provide({ directory: join(folder.path, 'live') })
    await provided.next()
    await rename(join(folder.path, 'live'), join(folder.path, 'old'))
    await rename(join(folder.path, 'next'), join(folder.path, 'live'))
    const second = await provided.until((update) => routersIn(update)['a'] === 'Path(`/2`)')
    expect(second.problems).toEqual([])
    await folder.write('live/a.yaml', routers({ a: '/3' }))
    expect(routersIn(await provided.next())).toEqual({ a: 'Path(`/3`)' })
  })

  test('sees a directory that is removed and made again, time after time', async () => {
    await using folder = await temporaryFolder()
    await folder.write('conf/a.yaml', routers({ a: '/0' }))
    using provided = provide({ directory: join(folder.path, 'conf') })
    await provided.next()
    for (const path of ['/1', '/2', '/3']) {
      await rm(join(folder.path, 'conf'), { recursive: true })
      await folder.write('conf/a.yaml', routers({ a: `${path}/made` }))
      await provided.until((update) => routersIn(update)['a'] === `Path(\`${path}/made\`)`)
      await folder.write('conf/a.yaml', routers({ a: path }))
      await provided.until((update) => routersIn(update)['a'] === `Path(\`${path}\`)`)
    }
  })

  test('sees a certificate file that changes, also behind a link that is swapped', async () => {
    await using folder = await temporaryFolder()
    await folder.write('archive/cert1.pem', 'one')
    await folder.write('archive/cert2.pem', 'two')
    await mkdir(join(folder.path, 'live'))
    const link = join(folder.path, 'live/cert.pem')
    await symlink('../archive/cert1.pem', link)
    const key = await folder.write('key.pem', 'key')
    const text = `tls: { certificates: [{ certFile: ${link}, keyFile: ${key} }] }`
    using provided = provide({ filename: await folder.write('d.yaml', text) })
    const digests = new Set([(await provided.next()).digest])
    await symlink('../archive/cert2.pem', `${link}.new`)
    await rename(`${link}.new`, link)
    digests.add((await provided.next()).digest)
    await folder.write('archive/cert2.pem', 'three')
    digests.add((await provided.next()).digest)
    await folder.write('key.pem', 'other')
    digests.add((await provided.next()).digest)
    expect(digests.size).toBe(4)
  })
})
