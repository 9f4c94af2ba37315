import { parseArgs } from 'node:util'
import { candidates } from './candidates.ts'
import { scenarios } from './scenario.ts'

export interface ContestOptions {
  /** `quick`: the main scenarios in one round; `once`: all of them, as short as can be, to see that they work. */
  readonly pace: 'full' | 'quick' | 'once'
  /** Names, or undefined for all. */
  readonly scenarios: readonly string[] | undefined
  readonly candidates: readonly string[] | undefined
  readonly jsonFile: string | undefined
  readonly svgFile: string | undefined
}

export const usage = `scripts/bench/load: the proxy against its peers, loopback only, a few minutes.

  --quick                 one round of the main scenarios, under a minute
  --once                  one round of all, without a warm-up: to see that everything works, not how fast it is
  --scenario NAME,…       only these: ${scenarios.map(({ name }) => name).join(', ')}
  --candidates NAME,…     only these: ${candidates.map(({ name }) => name).join(', ')}
  --json FILE             all figures
  --svg FILE              a chart of CPU per request

Candidates that are not installed are left out; TRAEFIK_BIN names Traefik's program.
`

/** The options, or what is wrong with them. */
export function parseOptions(argv: readonly string[]): ContestOptions | 'help' | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        quick: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        scenario: { type: 'string' },
        candidates: { type: 'string' },
        json: { type: 'string' },
        svg: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return 'help'
    const options = {
      pace: paceOf(values),
      scenarios: values.scenario?.split(','),
      candidates: values.candidates?.split(','),
      jsonFile: values.json,
      svgFile: values.svg,
    }
    const problem = unknownName(options.scenarios, scenarios) ?? unknownName(options.candidates, candidates)
    return problem === undefined ? options : { problem }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

function paceOf({ quick, once }: { quick: boolean; once: boolean }): ContestOptions['pace'] {
  if (once) return 'once'
  return quick ? 'quick' : 'full'
}

function unknownName(
  asked: readonly string[] | undefined,
  known: readonly { readonly name: string }[],
): string | undefined {
  const unknown = asked?.find((name) => !known.some((one) => one.name === name))
  return unknown === undefined ? undefined : `there is no "${unknown}": ${known.map(({ name }) => name).join(', ')}`
}
