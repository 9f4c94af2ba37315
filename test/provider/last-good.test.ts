import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { ProviderUpdate } from '../../src/provider/define.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { problemsIn, provide, routers, routersIn } from './provided.ts'

function failures({ failed }: ProviderUpdate): (string | boolean | undefined)[][] {
  return failed.map(({ section, name, isLastGoodKept }) => [section, name, isLastGoodKept])
}

describe('the last good version', () => {
  test.each([
    ['a syntax error', 'http: [', 'a.yaml:1:8: '],
    ['a template error', 'x: {{ nope }}', 'a.yaml:1:7: template: function "nope" is not defined'],
    ['a duplicate key', `${routers({ a: '/new' })}http: {}\n`, 'a.yaml:4:1: duplicate key "http"'],
    ['something that is no map', '- a', 'a.yaml:1:1: is a list (expected a map)'],
  ])('of a file stays after %s, and other files go on', async (_, text, problem) => {
    await using folder = await temporaryFolder()
    await folder.write('a.yaml', routers({ a: '/a' }))
    await folder.write('b.yaml', routers({ b: '/b' }))
    using provided = provide({ directory: folder.path, watch: false })
    await provided.next()
    await folder.write('a.yaml', text)
    await folder.write('b.yaml', routers({ b: '/changed' }))
    provided.reload()
    const update = await provided.next()
    expect(routersIn(update)).toEqual({ a: 'Path(`/a`)', b: 'Path(`/changed`)' })
    expect(problemsIn(update, folder.path)[0]).toStartWith(problem)
    expect(failures(update)).toEqual([['httpRouters', 'a', true]])
  })

  test('of a router stays when its rule is wrong, and its neighbours change', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: await folder.write('d.yaml', routers({ a: '/a', b: '/b' })), watch: false })
    await provided.next()
    await folder.write('d.yaml', routers({ a: 'no slash', b: '/changed' }))
    provided.reload()
    const update = await provided.next()
    expect(routersIn(update)).toEqual({ b: 'Path(`/changed`)', a: 'Path(`/a`)' })
    expect(failures(update)).toEqual([['httpRouters', 'a', true]])
    expect(problemsIn(update, folder.path)).toHaveLength(1)
  })

  test('is not there for an element that never was good', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({
      filename: await folder.write('d.yaml', routers({ a: 'no slash', b: '/b' })),
      watch: false,
    })
    const update = await provided.next()
    expect(routersIn(update)).toEqual({ b: 'Path(`/b`)' })
    expect(failures(update)).toEqual([['httpRouters', 'a', false]])
  })

  test('outlives several bad versions, and ends with the next good one', async () => {
    await using folder = await temporaryFolder()
    const filename = await folder.write('d.yaml', routers({ a: '/a' }))
    using provided = provide({ filename, watch: false })
    await provided.next()
    for (const text of ['http: [', routers({ a: 'bad' }), 'http: {{ nope }}', 'http: { routers: [] }', 'http: 1']) {
      await folder.write('d.yaml', text)
      provided.reload()
      const update = await provided.next()
      expect([text, routersIn(update)]).toEqual([text, { a: 'Path(`/a`)' }])
      expect(failures(update)).toEqual([['httpRouters', 'a', true]])
      expect(update.failed.map(({ path }) => path)).toEqual(['http.routers.a'])
    }
    await folder.write('d.yaml', routers({ a: '/good' }))
    provided.reload()
    const update = await provided.next()
    expect(routersIn(update)).toEqual({ a: 'Path(`/good`)' })
    expect([update.problems, update.failed]).toEqual([[], []])
  })

  test('goes when the element is taken out of the file', async () => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: await folder.write('d.yaml', routers({ a: '/a', b: '/b' })), watch: false })
    await provided.next()
    await folder.write('d.yaml', routers({ a: 'bad', b: '/b' }))
    provided.reload()
    await provided.next()
    await folder.write('d.yaml', routers({ b: '/b' }))
    provided.reload()
    const update = await provided.next()
    expect(routersIn(update)).toEqual({ b: 'Path(`/b`)' })
    expect(update.failed).toEqual([])
  })

  test('holds for services, middlewares and certificates as well', async () => {
    await using folder = await temporaryFolder()
    const good = [
      'http:',
      '  services: { app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }] } } }',
      '  middlewares: { strip: { stripPrefix: { prefixes: [/x] } } }',
      'tls: { certificates: [{ certFile: a.pem, keyFile: b.pem }] }',
    ].join('\n')
    const bad = good.replace('url:', 'ulr:').replace('prefixes', 'prefixs').replace('keyFile', 'keyFil')
    using provided = provide({ filename: await folder.write('d.yaml', good), watch: false })
    expect((await provided.next()).problems).toEqual([])
    await folder.write('d.yaml', bad)
    provided.reload()
    const { configuration, failed } = await provided.next()
    expect([...configuration.httpServices.keys(), ...configuration.httpMiddlewares.keys()]).toEqual(['app', 'strip'])
    expect([...configuration.tlsCertificates.values()].map(({ value }) => value.certFile)).toEqual(['a.pem'])
    expect(failed.map(({ path, isLastGoodKept }) => [path, isLastGoodKept])).toEqual([
      ['http.services.app', true],
      ['http.middlewares.strip', true],
      ['tls.certificates[0]', true],
    ])
  })

  test('goes with its file when the file is removed from a directory', async () => {
    await using folder = await temporaryFolder()
    await folder.write('a.yaml', routers({ a: '/a' }))
    using provided = provide({ directory: folder.path, watch: false })
    await provided.next()
    await Bun.file(join(folder.path, 'a.yaml')).delete()
    provided.reload()
    const update = await provided.next()
    expect(routersIn(update)).toEqual({})
    expect(update.problems).toEqual([])
  })
})

describe('a problem in a templated file', () => {
  test.each([
    ['behind the lines that the template made', '{{ range until 3 }}\n# {{ . }}\n{{ end }}http:\n  bad: 1\n', '4:3'],
    ['on the line that an action wrote', 'http:\n  {{ "bad" }}: 1\n', '2:3'],
    ['after an action on the same line', 'http: { {{ "services" }}: 1 }', '1:27'],
    ['in a syntax error after an action', '{{ "" }}http: [', '1:16'],
  ])('is told at its place in the file: %s', async (_, text, place) => {
    await using folder = await temporaryFolder()
    using provided = provide({ filename: await folder.write('d.yaml', text), watch: false })
    const [problem] = problemsIn(await provided.next(), folder.path)
    expect(problem).toStartWith(`d.yaml:${place}: `)
  })

  test('is told inside a rule that stands after an action', async () => {
    await using folder = await temporaryFolder()
    const text = `{{ $x := "app" }}http:\n  routers:\n    a: { service: {{ $x }}, rule: "Host(\`a\`) && Foo(\`b\`)" }`
    using provided = provide({ filename: await folder.write('d.yaml', text), watch: false })
    expect(problemsIn(await provided.next(), folder.path)[0]).toStartWith('d.yaml:3:49: http.routers.a.rule: ')
  })

  test('finds the environment of the process', async () => {
    await using folder = await temporaryFolder()
    const text = routers({ a: '/{{ env "NAME" | lower }}' })
    using provided = provide({ filename: await folder.write('d.yaml', text), watch: false, environment: { NAME: 'X' } })
    expect(routersIn(await provided.next())).toEqual({ a: 'Path(`/x`)' })
  })
})
