import type { Candidate } from '../candidate.ts'
import { writeTraefikStyle } from './traefik-style.ts'

/** Not in Debian: `TRAEFIK_BIN` names the program. */
export const traefik: Candidate = {
  name: 'traefik',
  label: 'Traefik',
  program: process.env.TRAEFIK_BIN,
  versionFlags: ['version'],
  prepare: async (plan, path) => {
    const global = { checkNewVersion: false, sendAnonymousUsage: false }
    return { command: [path, `--configFile=${await writeTraefikStyle(plan, { global })}`] }
  },
}
