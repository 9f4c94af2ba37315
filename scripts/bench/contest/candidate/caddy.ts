import { join } from 'node:path'
import { idleConnections, middlewareEffects, type Candidate, type ProxyPlan } from '../candidate.ts'

export const caddy: Candidate = {
  name: 'caddy',
  label: 'Caddy',
  program: Bun.which('caddy') ?? undefined,
  versionFlags: ['version'],
  prepare: async (plan, path) => {
    const file = join(plan.folder, 'caddy.json')
    await Bun.write(file, JSON.stringify(configuration(plan)))
    const env = { XDG_DATA_HOME: plan.folder, XDG_CONFIG_HOME: plan.folder, HOME: plan.folder }
    return { command: [path, 'run', '--config', file], env }
  },
}

/** Forwarded headers are Caddy's default; hosts are host matchers, one route each, as a Caddyfile would make them. */
function configuration(plan: ProxyPlan): object {
  const { folder, hosts, httpPort, httpsPort, certificate } = plan
  const routes = [
    ...hosts.map((host) => ({ match: [{ host: [host] }], handle: handlers(plan), terminal: true })),
    { handle: [{ handler: 'static_response', status_code: 404 }] },
  ]
  const server = { routes, automatic_https: { disable: true }, protocols: ['h1', 'h2'], ...logs(plan) }
  return {
    admin: { disabled: true, config: { persist: false } },
    logging: {
      logs: {
        default: { level: 'ERROR', exclude: ['http.log.access'] },
        ...(plan.setup === 'accessLog'
          ? {
              access: {
                writer: { output: 'file', filename: join(folder, 'access.log') },
                encoder: { format: 'json' },
                include: ['http.log.access'],
              },
            }
          : {}),
      },
    },
    apps: {
      http: {
        servers: {
          plain: { ...server, listen: [`127.0.0.1:${httpPort}`] },
          secure: { ...server, listen: [`127.0.0.1:${httpsPort}`], tls_connection_policies: [{}] },
        },
      },
      tls: { certificates: { load_files: [{ certificate: certificate.certFile, key: certificate.keyFile }] } },
    },
  }
}

function logs({ setup }: ProxyPlan): object {
  return setup === 'accessLog' ? { logs: {} } : {}
}

function handlers({ setup, upstreamPort }: ProxyPlan): object[] {
  const forward = {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `127.0.0.1:${upstreamPort}` }],
    transport: { protocol: 'http', keep_alive: { max_idle_conns_per_host: idleConnections }, compression: false },
  }
  return setup === 'middlewares' ? [...middlewares(), forward] : [forward]
}

function middlewares(): object[] {
  const { stripped, added, requestHeader, secondRequestHeader, responseHeader } = middlewareEffects
  return [
    { handler: 'rewrite', strip_path_prefix: stripped },
    { handler: 'rewrite', uri: `${added}{http.request.uri}` },
    { handler: 'headers', request: { set: { [requestHeader.name]: [requestHeader.value] } } },
    { handler: 'headers', request: { set: { [secondRequestHeader.name]: [secondRequestHeader.value] } } },
    { handler: 'headers', response: { set: { [responseHeader.name]: [responseHeader.value] } } },
  ]
}
