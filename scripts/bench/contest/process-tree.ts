import { readdirSync, readFileSync } from 'node:fs'

interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  /** User and system time of all its threads. */
  readonly ticks: number
  /** The same of children that have ended. */
  readonly endedChildrenTicks: number
  readonly residentBytes: number
}

export interface TreeUsage {
  readonly cpuUs: number
  readonly residentBytes: number
}

const microsecondsPerTick = 1e6 / Number(Bun.spawnSync(['getconf', 'CLK_TCK']).stdout.toString())
const pageBytes = Number(Bun.spawnSync(['getconf', 'PAGESIZE']).stdout.toString())

/** CPU time so far and resident memory now, of a process and everything it has started. */
export function treeUsage(root: number): TreeUsage {
  const members = processTree(root)
  const ticks = members.reduce((sum, member) => sum + member.ticks + member.endedChildrenTicks, 0)
  return {
    cpuUs: ticks * microsecondsPerTick,
    residentBytes: members.reduce((sum, member) => sum + member.residentBytes, 0),
  }
}

function processTree(root: number): ProcessFacts[] {
  const everyone = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readFacts(name) : []))
  const members = everyone.filter(({ pid }) => pid === root)
  // Grows while it is walked: each member brings its children.
  for (const member of members) members.push(...everyone.filter(({ parent }) => parent === member.pid))
  return members
}

function readFacts(name: string): ProcessFacts[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
    // The command stands in brackets and may hold anything: the numbers begin after the last one. Field n is at n - 3.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const field = (number: number): number => fields[number - 3] ?? 0
    const ticks = field(14) + field(15)
    const endedChildrenTicks = field(16) + field(17)
    return [{ pid: Number(name), parent: field(4), ticks, endedChildrenTicks, residentBytes: field(24) * pageBytes }]
  } catch {
    // It has ended meanwhile.
    return []
  }
}
