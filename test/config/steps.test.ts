import { describe, expect, test } from 'bun:test'
import { decodeDynamic, decodeDynamicSteps } from '../../src/config/dynamic.ts'
import { parseDocument, readDocument, type DocumentFormat } from '../../src/config/document.ts'
import { atOnce, inSlices, type Steps } from '../../src/config/steps.ts'

function* count(steps: number, work: () => void): Steps<number> {
  for (let step = 0; step < steps; step++) {
    work()
    yield
  }
  return steps
}

/** Keeps the processor busy for a while, so that slices come to their end. */
function burn(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

describe('inSlices', () => {
  test('gives what atOnce gives', async () => {
    expect(await inSlices(count(5, () => {}))).toBe(atOnce(count(5, () => {})))
  })

  test('lets others have their turn during long work', async () => {
    let turns = 0
    const timer = setInterval(() => (turns += 1), 0)
    await inSlices(count(40, () => burn(1)))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })

  test('rejects with what a step throws', async () => {
    const work = inSlices(
      count(3, () => {
        throw new Error('broken')
      }),
    )
    await expect(work).rejects.toThrow('broken')
  })
})

describe('A large document', () => {
  test.each<DocumentFormat>(['yaml', 'toml'])('of %s is the same in slices as at once', async (format) => {
    const text = format === 'yaml' ? largeYaml : largeToml
    const file = { file: `large.${format}`, text, format }
    const source = { provider: 'file', file: file.file, text }
    const parsed = await readDocument(file)
    expect(parsed).toEqual(parseDocument(file))
    const decoded = await inSlices(decodeDynamicSteps(parsed.node, source))
    expect(decoded.configuration.httpRouters.size).toBe(routers - 1)
    expect(decoded.failed.map(({ name }) => name)).toEqual(['r7'])
    expect(summary(decoded)).toEqual(summary(decodeDynamic(parsed.node, source)))
  })
})

const routers = 400
const rules = Array.from({ length: routers }, (_, at) => (at === 7 ? 'Hots(`x`)' : `Host(\`h${at}.test\`)`))
const largeYaml = `http:\n  routers:\n${rules.map((rule, at) => `    r${at}: { rule: "${rule}", service: app }\n`).join('')}`
const largeToml = rules.map((rule, at) => `[http.routers.r${at}]\nrule = "${rule}"\nservice = "app"\n`).join('')

function summary({ configuration, problems }: ReturnType<typeof decodeDynamic>) {
  const elements = [...configuration.httpRouters.values()]
  return { problems, elements: elements.map(({ name, fingerprint, source }) => ({ name, fingerprint, source })) }
}
