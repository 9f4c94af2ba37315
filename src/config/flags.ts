import { type Assignment, schemaAt } from './assign.ts'
import type { Description } from './decoder.ts'
import { documentFormat } from './document.ts'
import { ProblemCollector, type Problem } from './problem.ts'

export interface ParsedFlags {
  /** `--configFile`; the last one if it is given more than once. */
  readonly configFile: string | undefined
  readonly assignments: readonly Assignment[]
  readonly problems: readonly Problem[]
}

/** Traefik's flag syntax (§1.2): `--a.b=x`, `--a.b x`, `-a.b`, booleans and sections without a value, `--list[0].x`. */
export function parseFlags(argv: readonly string[], schema: Description): ParsedFlags {
  const problems = new ProblemCollector()
  const assignments: Assignment[] = []
  let configFile: string | undefined
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    const flag = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(argument)
    const name = flag?.[1]
    if (name === undefined) {
      problems.add(unexpected(argument))
      continue
    }
    const path = splitName(name)
    let value = flag?.[2]
    if (value === undefined && !needsNoValue(schemaAt(schema, path))) {
      const next = argv[index + 1]
      if (next !== undefined && !next.startsWith('--')) {
        value = next
        index++
      } else if (schemaAt(schema, path) !== undefined || isConfigFile(name)) {
        problems.add({ ...unexpected(`--${name}`), message: 'needs a value (expected =value after it)' })
        continue
      }
    }
    if (isConfigFile(name)) configFile = value
    else assignments.push({ path, text: value ?? 'true', source: { kind: 'flag', flag: `--${name}` } })
  }
  return { configFile, assignments: joinRepeatedLists(assignments, schema), problems: problems.sorted() }
}

function isConfigFile(name: string): boolean {
  return name.toLowerCase() === 'configfile'
}

function needsNoValue(schema: Description | undefined): boolean {
  if (schema === undefined) return false
  return schema.kind === 'object' || schema.kind === 'map' || (schema.kind === 'scalar' && schema.type === 'boolean')
}

function splitName(name: string): string[] {
  return name.split('.').flatMap((step) => {
    const indexed = /^(.+)\[(\d+)\]$/.exec(step)
    return indexed?.[1] === undefined || indexed[2] === undefined ? [step] : [indexed[1], indexed[2]]
  })
}

/** A list flag may be given again and again; of any other the last one holds. */
function joinRepeatedLists(assignments: readonly Assignment[], schema: Description): Assignment[] {
  const joined = new Map<string, Assignment>()
  for (const assignment of assignments) {
    const name = assignment.path.join('.').toLowerCase()
    const earlier = joined.get(name)
    const isList = schemaAt(schema, assignment.path)?.kind === 'list'
    const text = earlier !== undefined && isList ? `${earlier.text},${assignment.text}` : assignment.text
    joined.set(name, { ...assignment, text })
  }
  return [...joined.values()]
}

/** `nginx -t x` and `caddy validate x` take a file as it is, so it is often tried here. */
function meantFlag(argument: string): string {
  return documentFormat(argument) !== undefined ? `did you mean --configFile=${argument}?` : 'expected --name=value'
}

function unexpected(argument: string): Problem {
  return {
    severity: 'error',
    source: { kind: 'flag', flag: argument },
    path: '',
    message: `is not a flag (${meantFlag(argument)})`,
  }
}
