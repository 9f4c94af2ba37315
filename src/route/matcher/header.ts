import type { HttpRequest } from '../../http/message.ts'
import { defineMatcher } from './define.ts'
import { anyFieldLine, fieldText } from './header-field.ts'

export const header = defineMatcher<HttpRequest>({
  name: 'Header',
  parameters: ['name', 'value'],
  build: ([name = '', value = '']) => {
    const wanted = fieldText(value)
    return { ok: true, test: anyFieldLine(name, (found) => found === wanted) }
  },
})
