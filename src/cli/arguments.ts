import { documentFormat } from '../config/document.ts'
import { nearest } from '../config/nearest.ts'

/** What the command line asks for. Flags of the static configuration go on as they came; `config/sources` reads them. */
export type Command =
  | { readonly kind: 'run'; readonly flags: readonly string[] }
  | { readonly kind: 'check'; readonly flags: readonly string[]; readonly format: CheckFormat }
  | ({ readonly kind: 'whoami' } & WhoamiFlags)
  /** Of no use to people: what `workers` starts. */
  | { readonly kind: 'worker' }
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly topic: Topic | undefined }
  | Mistake

export interface WhoamiFlags {
  readonly host: string
  readonly port: number
  readonly name: string | undefined
}

export type CheckFormat = 'text' | 'json'

/** A command line that makes no sense: `message` says what is wrong, `hint` what to do. Exit code 2. */
export interface Mistake {
  readonly kind: 'mistake'
  readonly message: string
  readonly hint: string
}

const topics = ['run', 'check', 'whoami', 'version', 'help'] as const
export type Topic = (typeof topics)[number]

export const defaultWhoamiPort = 8081
const everyAddress = '0.0.0.0'

/** `argv` without the program's own name. No command means `run`, as with Traefik. */
export function parseArguments(argv: readonly string[]): Command {
  const first = argv[0]
  if (first === 'worker' && argv.length === 1) return { kind: 'worker' }
  const named = first !== undefined && !first.startsWith('-')
  const topic = named ? topics.find((candidate) => candidate === first) : 'run'
  if (topic === undefined) return unknownCommand(first ?? '')
  const rest = named ? argv.slice(1) : argv
  if (topic === 'help') return parseHelp(rest)
  if (rest.some((argument) => ['--help', '-help', '-h'].includes(argument))) {
    return { kind: 'help', topic: named ? topic : undefined }
  }
  return parsers[topic](rest)
}

const parsers: Record<Exclude<Topic, 'help'>, (rest: readonly string[]) => Command> = {
  run: parseRun,
  check: parseCheck,
  whoami: parseWhoami,
  version: parseVersion,
}

function parseRun(rest: readonly string[]): Command {
  if (rest.some((argument) => ['--version', '-version', '-v'].includes(argument))) return { kind: 'version' }
  return { kind: 'run', flags: rest }
}

function parseCheck(rest: readonly string[]): Command {
  const { value, others } = takeFlag(rest, 'format')
  if (value === undefined) return { kind: 'check', flags: others, format: 'text' }
  if (value === 'text' || value === 'json') return { kind: 'check', flags: others, format: value }
  return mistake(`--format: "${value}" is not a format`, 'it is text or json', 'check')
}

function parseWhoami(rest: readonly string[]): Command {
  const port = takeFlag(rest, 'port')
  const name = takeFlag(port.others, 'name')
  const host = takeFlag(name.others, 'host')
  const stray = host.others[0]
  if (stray !== undefined)
    return mistake(`whoami does not know ${stray}`, 'it takes --host, --port and --name', 'whoami')
  const number = port.value ?? String(defaultWhoamiPort)
  if (!/^\d{1,5}$/.test(number) || Number(number) > 65535) {
    return mistake(`--port: "${number}" is not a port`, 'it is a number from 0 (any free port) to 65535', 'whoami')
  }
  return { kind: 'whoami', host: host.value ?? everyAddress, port: Number(number), name: name.value }
}

function parseVersion(rest: readonly string[]): Command {
  if (rest[0] === undefined) return { kind: 'version' }
  return mistake(`version does not know ${rest[0]}`, 'it takes no arguments', 'version')
}

function parseHelp(rest: readonly string[]): Command {
  const asked = rest[0]
  if (asked === undefined || asked.startsWith('-')) return { kind: 'help', topic: undefined }
  const topic = topics.find((candidate) => candidate === asked)
  return topic === undefined ? unknownCommand(asked) : { kind: 'help', topic }
}

/** Takes `--name=value` or `--name value` out of the arguments; the last one counts. A lone `--name` has the value ''. */
function takeFlag(rest: readonly string[], name: string): { value: string | undefined; others: string[] } {
  const others: string[] = []
  let value: string | undefined
  for (let at = 0; at < rest.length; at++) {
    const argument = rest[at]!
    const flag = /^--?([^=]+)(?:=(.*))?$/s.exec(argument)
    if (flag?.[1]?.toLowerCase() !== name) {
      others.push(argument)
      continue
    }
    value = flag[2]
    if (value === undefined) value = rest[++at] ?? ''
  }
  return { value, others }
}

function unknownCommand(word: string): Mistake {
  const near = documentFormat(word) === undefined ? nearest(word, topics) : `--configFile=${word}`
  const guess = near === undefined ? '' : `did you mean ${near}? `
  return mistake(`there is no command "${word}"`, `${guess}commands are ${topics.join(', ')}`)
}

function mistake(message: string, hint: string, topic?: Topic): Mistake {
  const more = topic === undefined ? 'sluice help' : `sluice help ${topic}`
  return { kind: 'mistake', message, hint: `${hint}; ${more} tells more` }
}
