import { describe, expect, test } from 'bun:test'
import { rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary.ts'
import { problemsIn, provide, routers, routersIn } from './provided.ts'

describe('a directory', () => {
  test('is read in the order of names, subdirectories in their place', async () => {
    await using folder = await temporaryFolder()
    await folder.write('b.yaml', routers({ b: '/b' }))
    await folder.write('a/z.yml', routers({ z: '/z' }))
    await folder.write('c.toml', '[http.routers.c]\nrule = "Path(`/c`)"\nservice = "app"')
    await folder.write('notes.txt', 'not configuration: [')
    await folder.write('data.json', '{')
    using provided = provide({ directory: folder.path, watch: false })
    const update = await provided.next()
    expect(update.problems).toEqual([])
    expect(Object.keys(routersIn(update))).toEqual(['z', 'b', 'c'])
  })

  test('wins over a filename', async () => {
    await using folder = await temporaryFolder()
    const filename = await folder.write('file.yaml', routers({ file: '/' }))
    await folder.write('conf/a.yaml', routers({ a: '/a' }))
    using provided = provide({ filename, directory: join(folder.path, 'conf'), watch: false })
    expect(Object.keys(routersIn(await provided.next()))).toEqual(['a'])
  })

  test('takes the first of two elements with one name and tells both places', async () => {
    await using folder = await temporaryFolder()
    await folder.write('a.yaml', routers({ app: '/first' }))
    await folder.write('b.yaml', routers({ other: '/', app: '/second' }))
    using provided = provide({ directory: folder.path, watch: false })
    const update = await provided.next()
    expect(routersIn(update)['app']).toBe('Path(`/first`)')
    expect(problemsIn(update, folder.path)).toEqual([
      'b.yaml:4:5: http.routers.app: warning: is configured already at a.yaml:3:5, which is used',
    ])
  })

  test('keeps different certificates of two files and drops the same one', async () => {
    await using folder = await temporaryFolder()
    await folder.write('a.yaml', 'tls: { certificates: [{ certFile: a.pem, keyFile: a.key }] }')
    await folder.write(
      'b.yaml',
      'tls:\n  certificates:\n    - { keyFile: a.key, certFile: a.pem }\n    - { certFile: b.pem, keyFile: b.key }',
    )
    using provided = provide({ directory: folder.path, watch: false })
    const update = await provided.next()
    const files = [...update.configuration.tlsCertificates.values()].map(({ value }) => value.certFile)
    expect(files).toEqual(['a.pem', 'b.pem'])
    expect(problemsIn(update, folder.path)).toEqual([
      'b.yaml:3:7: tls.certificates: warning: is configured already at a.yaml:1:23, which is used',
    ])
  })

  test('that is missing is a problem until it appears', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ directory: join(folder.path, 'conf') })
    expect(problemsIn(await provided.next(), folder.path)).toEqual(["conf:1:1: can't be read: it does not exist"])
    await folder.write('conf/a.yaml', routers({ a: '/a' }))
    const update = await provided.until(({ configuration }) => configuration.httpRouters.size === 1)
    expect(update.problems).toEqual([])
  })

  test('that is a file is told which key it wants', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ directory: await folder.write('a.yaml', ''), watch: false })
    const [problem] = (await provided.next()).problems
    expect(problem?.message).toBe('is a file (providers.file.filename is the key for one)')
  })

  test('may link to itself', async () => {
    await using folder = await temporaryFolder()
    await folder.write('sub/a.yaml', routers({ a: '/a' }))
    await symlink('..', join(folder.path, 'sub/up'))
    using provided = provide({ directory: folder.path })
    const update = await provided.next()
    expect(update.problems).toEqual([])
    expect(Object.keys(routersIn(update))).toEqual(['a'])
  })

  test('does not wait for the writer of a named pipe', async () => {
    await using folder = await temporaryFolder()
    Bun.spawnSync(['mkfifo', join(folder.path, 'pipe.yaml')])
    await folder.write('a.yaml', routers({ a: '/a' }))
    using provided = provide({ directory: folder.path, watch: false })
    const update = await provided.next()
    expect(problemsIn(update, folder.path)).toEqual(['pipe.yaml:1:1: is not a file'])
    expect(Object.keys(routersIn(update))).toEqual(['a'])
  })

  test('that goes away leaves the last good version of its files', async () => {
    await using folder = await temporaryFolder()
    await folder.write('conf/sub/a.yaml', routers({ a: '/a' }))
    using provided = provide({ directory: join(folder.path, 'conf'), watch: false })
    await provided.next()
    await rename(join(folder.path, 'conf'), join(folder.path, 'gone'))
    provided.reload()
    const update = await provided.next()
    expect(problemsIn(update, folder.path)).toEqual(["conf:1:1: can't be read: it does not exist"])
    expect(Object.keys(routersIn(update))).toEqual(['a'])
    expect(update.failed).toMatchObject([{ name: 'a', isLastGoodKept: true }])
  })
})
