import { parseDocument } from '../../src/config/document.ts'
import { decodeStatic, type StaticConfiguration } from '../../src/config/static.ts'

export function staticConfiguration(text: string): StaticConfiguration {
  const { node } = parseDocument({ file: 'file', text, format: 'yaml' })
  if (node === undefined) throw new Error('the document can not be read')
  const { configuration, problems } = decodeStatic(node)
  if (configuration === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  return configuration
}
