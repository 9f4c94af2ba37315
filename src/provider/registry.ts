import { fileProvider } from './file.ts'

/** Every provider that a static configuration can name: one file and one line each. */
export const providers = [fileProvider] as const
