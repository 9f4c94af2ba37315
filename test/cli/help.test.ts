import { describe, expect, test } from 'bun:test'
import { parseArguments, type Topic } from '../../src/cli/arguments.ts'
import { helpText } from '../../src/cli/help.ts'

const topics: Topic[] = ['run', 'check', 'whoami', 'version', 'help']

describe('help', () => {
  test('names every command', () => {
    for (const topic of topics) expect(helpText(undefined)).toContain(`sluice ${topic === 'run' ? '' : topic}`)
  })

  test.each(topics)('has a page on %s that fits a terminal', (topic) => {
    const lines = helpText(topic).split('\n')
    expect(lines[0]).toStartWith(topic === 'help' ? 'Sluice' : 'sluice')
    expect(lines.filter((line) => line.length > 120)).toEqual([])
  })

  test('tells whoami’s flags as they are read', () => {
    for (const flag of ['--port', '--host', '--name']) {
      expect(helpText('whoami')).toContain(flag)
      expect(parseArguments(['whoami', `${flag}=1`])).toMatchObject({ kind: 'whoami' })
    }
  })
})
