import type { HttpRequest } from '../../http/message.ts'
import { defineMatcher } from './define.ts'
import { anyFieldLine, textOfField } from './header-field.ts'
import { withPattern } from './pattern-argument.ts'

export const headerRegexp = defineMatcher<HttpRequest>({
  name: 'HeaderRegexp',
  parameters: ['name', 'regexp'],
  build: ([name = '', source = '']) =>
    withPattern(source, 1, (pattern) => ({
      ok: true,
      test: anyFieldLine(name, (value) => pattern.matches(textOfField(value))),
    })),
})
