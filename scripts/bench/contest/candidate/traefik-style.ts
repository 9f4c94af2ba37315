import { join } from 'node:path'
import { idleConnections, middlewareEffects, type ProxyPlan } from '../candidate.ts'

/** Keys on top of the shared static configuration. */
export type StaticExtras = Readonly<Record<string, unknown>>

/** Writes the static and dynamic configuration that Sluice and Traefik share. JSON is YAML. Gives the static file. */
export async function writeTraefikStyle(plan: ProxyPlan, extras: StaticExtras): Promise<string> {
  const file = join(plan.folder, 'static.yaml')
  await Bun.write(file, JSON.stringify({ ...staticConfiguration(plan), ...extras }))
  await Bun.write(join(plan.folder, 'dynamic.yaml'), JSON.stringify(dynamicConfiguration(plan)))
  return file
}

function staticConfiguration({ folder, setup, httpPort, httpsPort }: ProxyPlan): StaticExtras {
  return {
    entryPoints: {
      web: { address: `127.0.0.1:${httpPort}` },
      websecure: { address: `127.0.0.1:${httpsPort}` },
    },
    providers: { file: { filename: join(folder, 'dynamic.yaml') } },
    serversTransport: { maxIdleConnsPerHost: idleConnections },
    log: { level: 'ERROR' },
    ...(setup === 'accessLog' ? { accessLog: { filePath: join(folder, 'access.log') } } : {}),
  }
}

function dynamicConfiguration({ setup, hosts, upstreamPort, certificate }: ProxyPlan): StaticExtras {
  const middlewares = setup === 'middlewares' ? Object.keys(fiveMiddlewares) : []
  const routers = hosts.flatMap((host) => {
    const router = { rule: `Host(\`${host}\`)`, service: 'app', ...(middlewares.length > 0 ? { middlewares } : {}) }
    return [
      [host, { ...router, entryPoints: ['web'] }],
      [`${host}-tls`, { ...router, entryPoints: ['websecure'], tls: {} }],
    ]
  })
  const { certFile, keyFile } = certificate
  return {
    http: {
      routers: Object.fromEntries(plainOnly(setup, routers)),
      services: { app: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${upstreamPort}` }] } } },
      ...(setup === 'middlewares' ? { middlewares: fiveMiddlewares } : {}),
    },
    tls: { stores: { default: { defaultCertificate: { certFile, keyFile } } } },
  }
}

/** 10,000 hosts mean 10,000 routers: only the plain setup is asked over TLS. */
function plainOnly<Entry>(setup: ProxyPlan['setup'], routers: readonly Entry[]): Entry[] {
  return setup === 'plain' ? [...routers] : routers.filter((_, index) => index % 2 === 0)
}

const { stripped, added, requestHeader, secondRequestHeader, responseHeader } = middlewareEffects

const fiveMiddlewares = {
  strip: { stripPrefix: { prefixes: [stripped] } },
  add: { addPrefix: { prefix: added } },
  team: { headers: { customRequestHeaders: { [requestHeader.name]: requestHeader.value } } },
  stage: { headers: { customRequestHeaders: { [secondRequestHeader.name]: secondRequestHeader.value } } },
  served: { headers: { customResponseHeaders: { [responseHeader.name]: responseHeader.value } } },
}
