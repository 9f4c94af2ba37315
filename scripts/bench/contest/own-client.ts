import { runProgram } from '../../../test/support/process.ts'
import type { Load, Target } from './load.ts'
import { clientFields, clientHosts, clientPath, fixedRate, type Scenario } from './scenario.ts'

/** What a client process is told, as JSON in its only argument. */
export interface ClientOrder {
  readonly port: number
  readonly head: string
  readonly expectedFile: string
  readonly connections: number
  readonly ratePerSecond: number
  readonly seconds: number
}

const closeField = 'Connection: close\r\n'
/** The example of RFC 6455 §1.3. */
const webSocketFields =
  'Connection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** Requests leave at a fixed rate: a proxy that stalls makes them wait, not stay away. */
export function runOpenLoop(scenario: Scenario, target: Target): Promise<Load> {
  return runClient('open-loop-client.ts', target, { ...order(scenario, target, ''), port: target.httpPort })
}

/** A connection and a full handshake for each request. wrk would resume its TLS sessions instead. */
export function runHandshakes(scenario: Scenario, target: Target): Promise<Load> {
  return runClient('handshake-client.ts', target, { ...order(scenario, target, closeField), port: target.httpsPort })
}

/** WebSockets, each with one message on the way. */
export function runEcho(scenario: Scenario, target: Target): Promise<Load> {
  return runClient('echo-client.ts', target, { ...order(scenario, target, webSocketFields), port: target.httpPort })
}

function order(scenario: Scenario, target: Target, fields: string): Omit<ClientOrder, 'port'> {
  const usual = Object.entries(clientFields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  return {
    head: `GET ${clientPath(scenario)} HTTP/1.1\r\nHost: ${clientHosts(scenario.setup)[0]}\r\n${usual}${fields}\r\n`,
    expectedFile: target.expectedFile,
    connections: scenario.connections,
    ratePerSecond: fixedRate,
    seconds: target.seconds,
  }
}

async function runClient(file: string, { prefix }: Target, clientOrder: ClientOrder): Promise<Load> {
  const path = new URL(file, import.meta.url).pathname
  const { code, stdout, stderr } = await runProgram([...prefix, process.execPath, path, JSON.stringify(clientOrder)])
  if (code !== 0) throw new Error(`${file} exited with ${code}: ${stderr}`)
  return JSON.parse(stdout) as Load
}
