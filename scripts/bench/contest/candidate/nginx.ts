import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { idleConnections, middlewareEffects, type Candidate, type ProxyPlan } from '../candidate.ts'

export const nginx: Candidate = {
  name: 'nginx',
  label: 'nginx',
  program: Bun.which('nginx', { PATH: `${process.env.PATH}:/usr/sbin` }) ?? undefined,
  versionFlags: ['-v'],
  prepare: async (plan, path) => {
    const file = join(plan.folder, 'nginx.conf')
    await mkdir(join(plan.folder, 'bodies'), { recursive: true })
    await Bun.write(file, configuration(plan))
    return { command: [path, '-p', plan.folder, '-c', file] }
  },
}

/** One worker, uploads of 64 KiB kept in memory, upstream connections kept, the forwarded headers that the others send by default. */
function configuration(plan: ProxyPlan): string {
  const { folder, setup, upstreamPort, httpPort, httpsPort, hosts } = plan
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log ${setup === 'accessLog' ? `${folder}/access.log combined buffer=64k flush=1s` : 'off'};
  client_body_temp_path ${folder}/bodies/client;
  proxy_temp_path ${folder}/bodies/proxy;
  fastcgi_temp_path ${folder}/bodies/fastcgi;
  uwsgi_temp_path ${folder}/bodies/uwsgi;
  scgi_temp_path ${folder}/bodies/scgi;
  keepalive_requests 10000000;
  client_body_buffer_size 128k;
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  upstream app {
    server 127.0.0.1:${upstreamPort};
    keepalive ${idleConnections};
    keepalive_requests 10000000;
  }
  proxy_http_version 1.1;
  ${hopHeaders(plan)}
  proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $host;
  proxy_set_header X-Forwarded-Port $server_port;
  server {
    listen 127.0.0.1:${httpPort} default_server backlog=4096;
    listen 127.0.0.1:${httpsPort} ssl http2 default_server backlog=4096;
    ${certificateLines(plan)}
    return 404;
  }
${hosts.map((host) => server(plan, host)).join('\n')}
}
`
}

function server(plan: ProxyPlan, host: string): string {
  const { setup, httpPort, httpsPort } = plan
  const location = setup === 'middlewares' ? middlewareLocation() : 'location / { proxy_pass http://app; }'
  // A name with TLS has a context of its own: 10,000 of them would measure that instead, and are never asked.
  const secure = setup === 'plain' ? `listen 127.0.0.1:${httpsPort} ssl http2; ${certificateLines(plan)}` : ''
  return `  server {
    listen 127.0.0.1:${httpPort};
    ${secure}
    server_name ${host};
    ${location}
  }`
}

/** nginx passes an upgrade on only when it is told to; without one, Connection is not to close what is kept. */
function hopHeaders({ setup }: ProxyPlan): string {
  if (setup !== 'webSocket') return 'proxy_set_header Connection "";'
  return 'proxy_set_header Connection "upgrade"; proxy_set_header Upgrade $http_upgrade;'
}

function certificateLines({ certificate }: ProxyPlan): string {
  return `ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};`
}

/** `proxy_set_header` is inherited only where none is set, so all of them stand here again. */
function middlewareLocation(): string {
  const { stripped, added, requestHeader, secondRequestHeader, responseHeader } = middlewareEffects
  return `location ${stripped}/ {
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header ${requestHeader.name} ${requestHeader.value};
      proxy_set_header ${secondRequestHeader.name} ${secondRequestHeader.value};
      add_header ${responseHeader.name} ${responseHeader.value};
      proxy_pass http://app${added}/;
    }`
}
