import type { Assignment } from './assign.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const prefix = 'SLUICE_'

// Kubernetes and Docker links set these in every container beside a service called "sluice"; nobody wrote them for us.
const serviceLink = /^SLUICE_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)$/

/** `SLUICE_ENTRYPOINTS_WEB_ADDRESS` sets `entrypoints.web.address`: lower case, a dot for each `_` (Traefik §1.2). */
export function environmentAssignments(environment: Environment): Assignment[] {
  const assignments: Assignment[] = []
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith(prefix) || serviceLink.test(variable)) continue
    const path = variable.slice(prefix.length).toLowerCase().split('_')
    assignments.push({ path, text, source: { kind: 'environment', variable } })
  }
  return assignments
}
