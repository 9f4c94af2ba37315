import { middlewareEffects, type RunningCandidate } from './candidate.ts'
import { clientHosts, clientPath, type Scenario } from './scenario.ts'
import type { Upstream } from './upstream.ts'

const patienceMs = 10_000

/** One request per host, compared byte for byte, before anything is measured. What is wrong, or undefined. */
export async function preflight(
  running: RunningCandidate,
  scenario: Scenario,
  upstream: Upstream,
): Promise<string | undefined> {
  try {
    for (const host of clientHosts(scenario.setup)) {
      const problem = await checkHost({ running, scenario, upstream, host })
      if (problem !== undefined) return `${host}: ${problem}`
    }
    const stranger = await ask(running, scenario, { host: 'stranger.test', path: '/' })
    return stranger.status === 404 ? undefined : `an unknown host got ${stranger.status} instead of 404`
  } catch (error) {
    return String(error)
  }
}

/** For a candidate that has just been started: Traefik listens before it has read what it is to do. */
export async function patientPreflight(
  running: RunningCandidate,
  scenario: Scenario,
  upstream: Upstream,
): Promise<string | undefined> {
  const deadline = performance.now() + patienceMs
  while (true) {
    const problem = await preflight(running, scenario, upstream)
    if (problem === undefined || performance.now() > deadline) return problem
    await Bun.sleep(50)
  }
}

interface HostCheck {
  readonly running: RunningCandidate
  readonly scenario: Scenario
  readonly upstream: Upstream
  readonly host: string
}

async function checkHost({ running, scenario, upstream, host }: HostCheck): Promise<string | undefined> {
  if (scenario.exchange === 'upload') return checkUpload({ running, scenario, upstream, host })
  if (scenario.exchange === 'echo') return checkEcho({ running, scenario, upstream, host })
  const response = await ask(running, scenario, { host, path: clientPath(scenario) })
  if (response.status !== 200) return `status ${response.status}`
  const body = await response.bytes()
  if (Buffer.compare(body, upstream.expected[scenario.exchange]) !== 0) return `${body.length} bytes, or other bytes`
  const { name, value } = middlewareEffects.responseHeader
  if (scenario.setup === 'middlewares' && response.headers.get(name) !== value) return `no ${name}: ${value}`
  return undefined
}

/** The upstream writes what it got into a log, just after it has answered. */
async function checkUpload({ running, scenario, upstream, host }: HostCheck): Promise<string | undefined> {
  await Bun.write(upstream.uploadLog, '')
  const response = await ask(running, scenario, { host, path: '/upload-check', body: upstream.upload })
  if (response.status !== 200) return `status ${response.status}`
  const wanted = Buffer.concat([upstream.upload, Buffer.from('\n')])
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    if (Buffer.compare(await Bun.file(upstream.uploadLog).bytes(), wanted) === 0) return undefined
    await Bun.sleep(10)
  }
  return 'the upstream got other bytes'
}

/** By the platform's own WebSocket, which knows the protocol better than the client of the rounds. */
async function checkEcho({ running, scenario, upstream, host }: HostCheck): Promise<string | undefined> {
  const url = `ws://127.0.0.1:${running.plan.httpPort}${clientPath(scenario)}`
  const socket = new WebSocket(url, { headers: { Host: host } })
  socket.binaryType = 'arraybuffer'
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const message = Buffer.from(upstream.expected.echo)
  socket.addEventListener('open', () => socket.send(message))
  socket.addEventListener('message', ({ data }) => {
    resolve(message.equals(Buffer.from(data as ArrayBuffer)) ? undefined : 'the message came back changed')
  })
  socket.addEventListener('close', ({ code, reason }) => resolve(`closed with ${code} ${reason}`))
  const late = setTimeout(() => resolve('no echo'), patienceMs)
  const problem = await promise
  clearTimeout(late)
  socket.close()
  return problem
}

interface Question {
  readonly host: string
  readonly path: string
  readonly body?: Uint8Array
}

function ask({ plan }: RunningCandidate, { tls }: Scenario, { host, path, body }: Question): Promise<Response> {
  const origin = tls ? `https://localhost:${plan.httpsPort}` : `http://127.0.0.1:${plan.httpPort}`
  return fetch(origin + path, {
    headers: { Host: host },
    redirect: 'manual',
    keepalive: false,
    signal: AbortSignal.timeout(patienceMs),
    tls: { ca: plan.certificate.cert },
    ...(body === undefined ? {} : { method: 'POST', body: Buffer.from(body) }),
  })
}
