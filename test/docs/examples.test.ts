import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { fileStem } from '../../scripts/docs/pages.ts'
import { findProblems } from '../../src/cli/check.ts'
import { loadConfiguration } from '../../src/cli/run.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { middlewares } from '../../src/middleware/registry.ts'
import { services } from '../../src/service/registry.ts'

const examples = join(import.meta.dir, '../../docs/examples')

/** Every example that is a whole set-up. Paths in them are from the project's folder, where tests are run too. */
const setUps = [...new Bun.Glob('*/sluice.yaml').scanSync(examples)].sort()

async function problemsOf(flags: readonly string[]): Promise<string[]> {
  return (await findProblems(await loadConfiguration(flags))).map(formatProblem)
}

describe('the example', () => {
  test.each(setUps)('%s has no mistakes', async (file) => {
    expect(await problemsOf([`--configFile=docs/examples/${file}`])).toEqual([])
  })
})

describe.each([
  ['middlewares', middlewares],
  ['services', services],
])('the examples of %s', (folder, definitions) => {
  const stems = definitions.map(({ name }) => fileStem(name))

  test('are one for each kind, which says in a sentence what it does', () => {
    expect(readdirSync(join(examples, folder)).sort()).toEqual(stems.map((stem) => `${stem}.yaml`).sort())
    expect(definitions.filter(({ summary }) => summary === undefined).map(({ name }) => name)).toEqual([])
  })

  test.each(stems)('have no mistakes: %s', async (stem) => {
    const file = `--providers.file.filename=docs/examples/${folder}/${stem}.yaml`
    const problems = await problemsOf(['--entryPoints.web.address=127.0.0.1:0', file])
    expect(problems.filter((problem) => !problem.includes('is deprecated'))).toEqual([])
  })
})
