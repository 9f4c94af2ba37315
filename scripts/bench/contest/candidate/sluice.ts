import { existsSync } from 'node:fs'
import { executable } from '../../../../test/support/sluice.ts'
import type { Candidate } from '../candidate.ts'
import { writeTraefikStyle } from './traefik-style.ts'

const program = existsSync(executable) ? executable : undefined

/** Forwarding by the platform's fetch, the default. */
export const sluiceFetch: Candidate = {
  name: 'fetch',
  label: 'Sluice (fetch)',
  program,
  versionFlags: ['version'],
  prepare: async (plan, path) => ({ command: [path, `--configFile=${await writeTraefikStyle(plan, {})}`] }),
}

/** Forwarding by the socket transport. */
export const sluiceFastProxy: Candidate = {
  name: 'fastProxy',
  label: 'Sluice (fastProxy)',
  program,
  versionFlags: ['version'],
  prepare: async (plan, path) => {
    const configuration = await writeTraefikStyle(plan, { experimental: { fastProxy: {} } })
    return { command: [path, `--configFile=${configuration}`] }
  },
}
