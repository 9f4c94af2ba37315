import { describe, expect, test } from 'bun:test'
import { createLog, silentLog, type Log } from '../../src/observe/log.ts'
import type { Provider, ProviderUpdate } from '../../src/provider/define.ts'
import { Latest } from '../../src/provider/latest.ts'
import type { MergedConfiguration } from '../../src/provider/merge.ts'
import { emptyConfiguration } from '../../src/provider/sections.ts'
import { watchProviders, type Watch } from '../../src/snapshot/watch.ts'
import { within } from '../provider/within.ts'

class ScriptedProvider implements Provider {
  readonly name: string
  readonly isLocal: boolean
  readonly isThrottled = true
  readonly updates = new Latest<ProviderUpdate>()
  reloads = 0
  #taken = 0
  #wake: (() => void) | undefined

  constructor(name: string, isLocal = true) {
    this.name = name
    this.isLocal = isLocal
  }

  async *start(): AsyncGenerator<ProviderUpdate> {
    for await (const update of this.updates) {
      yield update
      this.#taken++
      this.#wake?.()
    }
  }

  /** Puts an update and waits until it has been taken. */
  async give(digest: string, parts: Partial<ProviderUpdate> = {}): Promise<void> {
    const target = this.#taken + 1
    this.updates.put({ configuration: emptyConfiguration, problems: [], failed: [], digest, ...parts })
    while (this.#taken < target) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await within(promise, 'the taking of an update')
    }
  }

  reload(): void {
    this.reloads++
  }

  close(): void {
    this.updates.close()
  }
}

interface Watching extends AsyncDisposable {
  readonly watch: Watch
  /** Digests in the order in which they were applied. */
  readonly applied: string[]
  untilApplied(digest: string): Promise<void>
}

interface WatchingOptions {
  readonly throttleMs?: number
  readonly apply?: (configuration: MergedConfiguration) => Promise<void> | void
  readonly log?: Log
}

function watching(providers: readonly ScriptedProvider[], options: WatchingOptions = {}): Watching {
  const { throttleMs = 0, apply, log = silentLog } = options
  const applied: string[] = []
  let wake: (() => void) | undefined
  const watch = watchProviders({
    providers,
    throttleMs,
    log,
    apply: (configuration) => {
      applied.push(configuration.digest)
      wake?.()
      return apply?.(configuration)
    },
  })
  return {
    watch,
    applied,
    untilApplied: async (digest) => {
      while (!applied.includes(digest)) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await within(promise, `the application of ${digest}`)
      }
    },
    [Symbol.asyncDispose]: () => watch.close(),
  }
}

describe('watching providers', () => {
  test('applies nothing until every local provider has spoken', async () => {
    const [file, rest, docker] = [
      new ScriptedProvider('file'),
      new ScriptedProvider('rest'),
      new ScriptedProvider('docker', false),
    ]
    await using watched = watching([file, rest, docker])
    await file.give('1')
    await docker.give('1')
    expect(watched.applied).toEqual([])
    await rest.give('1')
    await within(watched.watch.ready, 'the first configuration')
    expect(watched.applied).toEqual(['file:1 rest:1 docker:1'])
  })

  test('merges in the order of the configuration, not of the answers', async () => {
    const [first, second] = [new ScriptedProvider('first'), new ScriptedProvider('second')]
    await using watched = watching([first, second])
    await second.give('1')
    await first.give('1')
    await watched.untilApplied('first:1 second:1')
  })

  test('is ready at once without a local provider', async () => {
    await using watched = watching([new ScriptedProvider('docker', false)])
    await within(watched.watch.ready, 'readiness')
    expect(watched.applied).toEqual([''])
  })

  test('does not wait for a local provider that ends or fails without a word', async () => {
    const [ended, failing] = [new ScriptedProvider('ended'), new ScriptedProvider('failing')]
    failing.start = async function* () {
      yield* []
      throw new Error('broken')
    }
    await using watched = watching([ended, failing])
    ended.close()
    await within(watched.watch.ready, 'readiness')
    expect(watched.applied).toEqual([''])
  })

  test('skips an update that says the same', async () => {
    const file = new ScriptedProvider('file')
    await using watched = watching([file])
    for (const digest of ['1', '1', '2', '2', '1']) await file.give(digest)
    await watched.untilApplied('file:2')
    await within(watched.watch.ready, 'readiness')
    await file.give('3')
    await watched.untilApplied('file:3')
    expect(watched.applied).toEqual(['file:1', 'file:2', 'file:1', 'file:3'])
  })

  test('applies one at a time, and then the latest', async () => {
    const file = new ScriptedProvider('file')
    const gate = Promise.withResolvers<void>()
    let running = 0
    await using watched = watching([file], {
      apply: async () => {
        expect(++running).toBe(1)
        await gate.promise
        running--
      },
    })
    for (const digest of ['1', '2', '3', '4']) await file.give(digest)
    expect(watched.applied).toEqual(['file:1'])
    gate.resolve()
    await watched.untilApplied('file:4')
    expect(watched.applied).toEqual(['file:1', 'file:4'])
  })

  test('goes on after an application that fails', async () => {
    const file = new ScriptedProvider('file')
    const entries: string[] = []
    const log = createLog({ level: 'ERROR', format: 'common', noColor: true, write: (entry) => entries.push(entry) })
    const apply = ({ digest }: MergedConfiguration): void => {
      if (digest === 'file:1') throw new Error('can not build')
    }
    await using watched = watching([file], { apply, log })
    await file.give('1')
    await within(watched.watch.ready, 'readiness')
    await file.give('2')
    await watched.untilApplied('file:2')
    expect(entries.join('')).toContain('can not build')
  })

  test('hands on the first update at once and then at most the latest in each interval', async () => {
    const file = new ScriptedProvider('file')
    await using watched = watching([file], { throttleMs: 60 })
    for (const digest of ['1', '2', '3', '4']) await file.give(digest)
    expect(watched.applied).toEqual(['file:1'])
    await watched.untilApplied('file:4')
    await file.give('5')
    expect(watched.applied).toEqual(['file:1', 'file:4'])
    await watched.untilApplied('file:5')
  })

  test('throttles each provider for itself', async () => {
    const [file, docker] = [new ScriptedProvider('file'), new ScriptedProvider('docker', false)]
    await using watched = watching([file, docker], { throttleMs: 60_000 })
    await file.give('1')
    await docker.give('1')
    await watched.untilApplied('file:1 docker:1')
  })

  test('reloads every provider', async () => {
    const providers = [new ScriptedProvider('file'), new ScriptedProvider('docker', false)]
    await using watched = watching(providers)
    watched.watch.reload()
    expect(providers.map(({ reloads }) => reloads)).toEqual([1, 1])
  })

  test('applies nothing after it was closed, and lets who waits for it go on', async () => {
    const file = new ScriptedProvider('file')
    const watched = watching([file])
    await within(watched.watch.close(), 'the end')
    await within(watched.watch.ready, 'readiness')
    expect(watched.applied).toEqual([])
  })

  test('logs each problem once while it lasts, and what is kept', async () => {
    const file = new ScriptedProvider('file')
    const entries: string[] = []
    const log = createLog({ level: 'INFO', format: 'common', noColor: true, write: (entry) => entries.push(entry) })
    const source = { kind: 'file', file: 'd.yaml', line: 1, column: 2 } as const
    const problem = { severity: 'error', source, path: 'http.routers.a', message: 'is wrong' } as const
    const failure = {
      section: 'httpRouters',
      name: 'a',
      provider: 'file',
      path: problem.path,
      source,
      problems: [problem],
    } as const
    await using _ = watching([file], { log })
    await file.give('1', { problems: [problem], failed: [{ ...failure, isLastGoodKept: true }] })
    await file.give('2', { problems: [problem], failed: [{ ...failure, isLastGoodKept: true }] })
    expect(entries.map((entry) => entry.slice(21).trim())).toEqual([
      'ERR d.yaml:1:2: http.routers.a: is wrong provider=file',
      'WRN http.routers.a: the last good version stays in use provider=file',
    ])
    await file.give('3')
    await file.give('4', { problems: [problem] })
    expect(entries).toHaveLength(3)
  })
})
