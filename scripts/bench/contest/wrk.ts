import { join } from 'node:path'
import { runProgram } from '../../../test/support/process.ts'
import type { Load, Target } from './load.ts'
import { clientFields, clientPath, hostNames, type Scenario } from './scenario.ts'

/** As many requests as the proxy answers over the scenario's connections; wrk compares every answer. */
export async function runWrk(scenario: Scenario, target: Target): Promise<Load> {
  const script = join(target.folder, `${scenario.name}.lua`)
  await Bun.write(script, luaScript(scenario, target))
  // By name, since a server name may not be an address (RFC 6066 §3).
  const url = scenario.tls ? `https://localhost:${target.httpsPort}` : `http://127.0.0.1:${target.httpPort}`
  const { stdout, stderr } = await runProgram([
    ...target.prefix,
    ...['wrk', '-t1', `-c${scenario.connections}`, `-d${target.seconds}s`, '--timeout', '10s', '-s', script],
    url + clientPath(scenario),
  ])
  return parseResult(stdout, stderr)
}

function parseResult(stdout: string, stderr: string): Load {
  const line = /^RESULT (.*)$/m.exec(stdout)?.[1]
  if (line === undefined) throw new Error(`wrk gave no result:\n${stdout}${stderr}`)
  const [requests = 0, durationUs = 0, p50Us = 0, p99Us = 0, errors = 0, wrong = 0] = line.split(' ').map(Number)
  return { requests, durationMs: durationUs / 1000, p50Ms: p50Us / 1000, p99Ms: p99Us / 1000, errors, wrong }
}

function luaScript(scenario: Scenario, target: Target): string {
  return `${requestScript(scenario, target)}
local file = assert(io.open("${target.expectedFile}", "rb"))
local expected = file:read("*a")
file:close()

local threads = {}
wrong = 0

function setup(thread) table.insert(threads, thread) end

function response(status, headers, body)
  if status ~= 200 or body ~= expected then wrong = wrong + 1 end
end

function done(summary, latency, requests)
  local total = 0
  for _, thread in ipairs(threads) do total = total + thread:get("wrong") end
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.timeout, total))
end
`
}

const luaFields = Object.entries(clientFields)
  .map(([name, value]) => `["${name}"] = "${value}"`)
  .join(', ')

/** A single host's request is made once by wrk itself; several are made once here and sent in turn. */
function requestScript(scenario: Scenario, target: Target): string {
  // All of them, evenly: what is asked for again and again would be found in the processor's cache.
  const hosts = spread(hostNames(scenario.setup))
  const lines = [`wrk.headers["Host"] = "${hosts[0]}"`]
  for (const [name, value] of Object.entries(clientFields)) lines.push(`wrk.headers["${name}"] = "${value}"`)
  if (scenario.exchange === 'upload') {
    lines.push('wrk.method = "POST"', 'wrk.headers["Content-Type"] = "text/plain"')
    lines.push(`local upload = assert(io.open("${target.uploadFile}", "rb"))`)
    lines.push('wrk.body = upload:read("*a")', 'upload:close()')
  }
  if (hosts.length === 1) return lines.join('\n')
  return `${lines.join('\n')}
local requests = {}
local at = 0
function init()
  for _, host in ipairs({${hosts.map((host) => `"${host}"`).join(', ')}}) do
    requests[#requests + 1] = wrk.format(nil, nil, { ${luaFields}, Host = host }, nil)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end`
}

/** Neighbours in the configuration are not neighbours here. */
function spread(names: readonly string[]): string[] {
  const step = 6007
  return names.map((_, index) => names[(index * step) % names.length]!)
}
