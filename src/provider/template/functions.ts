import { collectionFunctions } from './collection-functions.ts'
import { encodingFunctions } from './encoding-functions.ts'
import type { FunctionTable } from './function.ts'
import { logicFunctions } from './logic-functions.ts'
import { numberFunctions } from './number-functions.ts'
import { textFunctions } from './text-functions.ts'

/** What a template can call: Go's own functions, Sprig's where they make sense in a configuration, Traefik's two. */
export const templateFunctions: FunctionTable = {
  ...logicFunctions,
  ...numberFunctions,
  ...textFunctions,
  ...collectionFunctions,
  ...encodingFunctions,
}
