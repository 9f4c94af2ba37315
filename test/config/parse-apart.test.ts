import { describe, expect, test } from 'bun:test'
import type { DocumentText } from '../../src/config/document.ts'
import { parseComplete } from '../../src/config/complete-document.ts'
import { parseApart } from '../../src/config/parse-apart.ts'

const lines = Array.from(
  { length: 1500 },
  (_, at) => `  r${at}: { rule: "Host(\`h${at}.test\`)", port: !!int "${at}" }\n`,
)

describe('parseApart', () => {
  test.each<DocumentText>([
    { file: 'good.yaml', format: 'yaml', text: `a:\n${lines.join('')}` },
    { file: 'bad.yaml', format: 'yaml', text: `a:\n${lines.join('')}b: [\n` },
    { file: 'double.yaml', format: 'yaml', text: `a:\n${lines.join('')}${lines[7]}` },
    { file: 'good.toml', format: 'toml', text: 'a = 2024-01-01\n[b]\nc = { d = 0x1F }\n' },
    { file: 'bad.toml', format: 'toml', text: 'a = 1\nb = \n' },
  ])('gives for $file what the complete parser gives', async (document) => {
    expect(await parseApart(document)).toStrictEqual(parseComplete(document))
  })

  test('tells of a text that is nested beyond its stack', async () => {
    const { node, problems } = await parseApart({ file: 'd.yaml', format: 'yaml', text: '['.repeat(20_000) })
    expect(node).toBeUndefined()
    expect(problems.map(({ message }) => message)).toEqual(['is nested too deeply'])
  })

  test('lets the event loop go on meanwhile', async () => {
    let turns = 0
    const timer = setInterval(() => (turns += 1), 1)
    await parseApart({ file: 'd.yaml', format: 'yaml', text: `a:\n${lines.join('')}` })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(10)
  })
})
