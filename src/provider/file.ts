import { extname } from 'node:path'
import {
  allowEmpty,
  boolean,
  nonEmptyText,
  object,
  optional,
  refine,
  withDefault,
  type Infer,
} from '../config/schema.ts'
import { defineProvider } from './define.ts'
import { isConfigurationFile } from './directory-walk.ts'
import { FileSource } from './file-source.ts'

const options = refine(
  allowEmpty(
    object({
      filename: optional(nonEmptyText),
      /** Wins over `filename` (Traefik §6.1). */
      directory: optional(nonEmptyText),
      watch: withDefault(boolean, true),
      debugLogGeneratedTemplate: withDefault(boolean, false),
    }),
  ),
  ({ filename, directory }) => {
    if (directory !== undefined) return undefined
    if (filename === undefined) return 'names no file (expected filename or directory)'
    if (isConfigurationFile(filename)) return undefined
    return `filename has the extension "${extname(filename)}" (expected .yaml, .yml or .toml)`
  },
)

export type FileOptions = Infer<typeof options>

/** Dynamic configuration from one file or from all files of a directory. */
export const fileProvider = defineProvider({
  name: 'file',
  options,
  build: (decoded: FileOptions, scope) => new FileSource(decoded, scope),
})
