import { join } from 'node:path'
import { idleConnections, middlewareEffects, type Candidate, type ProxyPlan } from '../candidate.ts'

export const haproxy: Candidate = {
  name: 'haproxy',
  label: 'HAProxy',
  program: Bun.which('haproxy', { PATH: `${process.env.PATH}:/usr/sbin` }) ?? undefined,
  versionFlags: ['-v'],
  prepare: async (plan, path) => {
    const { folder, certificate, hosts } = plan
    const file = join(folder, 'haproxy.cfg')
    await Bun.write(join(folder, 'bench.pem'), certificate.cert + certificate.key)
    await Bun.write(join(folder, 'hosts.map'), hosts.map((host) => `${host} app\n`).join(''))
    await Bun.write(file, configuration(plan))
    const log = setupLogs(plan) ? ['sh', '-c', 'exec "$0" "$@" >>access.log'] : []
    return { command: [...log, path, '-db', '-f', file] }
  },
}

function setupLogs({ setup }: ProxyPlan): boolean {
  return setup === 'accessLog'
}

/** One thread, idle upstream connections shared by all clients, hosts looked up in a map. */
function configuration(plan: ProxyPlan): string {
  const { folder, upstreamPort, httpPort, httpsPort } = plan
  const logging = setupLogs(plan) ? '  log stdout format raw local0\n' : ''
  return `global
  nbthread 1
  maxconn 8192
${logging}defaults
  mode http
${setupLogs(plan) ? '  log global\n  option httplog\n' : ''}  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend bench
  bind 127.0.0.1:${httpPort} backlog 4096
  bind 127.0.0.1:${httpsPort} backlog 4096 ssl crt ${folder}/bench.pem alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
${plan.setup === 'middlewares' ? middlewares() : ''}  use_backend %[req.hdr(host),lower,map_str(${folder}/hosts.map,nobody)]
backend app
  server upstream 127.0.0.1:${upstreamPort} pool-max-conn ${idleConnections}
backend nobody
  http-request return status 404
`
}

function middlewares(): string {
  const { stripped, added, requestHeader, secondRequestHeader, responseHeader } = middlewareEffects
  return `  http-request replace-path ${stripped}(/.*) \\1
  http-request set-path ${added}%[path]
  http-request set-header ${requestHeader.name} ${requestHeader.value}
  http-request set-header ${secondRequestHeader.name} ${secondRequestHeader.value}
  http-response set-header ${responseHeader.name} ${responseHeader.value}
`
}
