export type Format = 'yaml' | 'json' | 'toml'

export interface Routing {
  readonly routers: number
  readonly upstreamPort: number
  /** Served under `/generation-n`, so that a client can tell which configuration is in force. */
  readonly generation: number
  /** A change of this one changes every router and every service. */
  readonly edition: number
}

/** A dynamic configuration as a user would write it: each router with a host and a service of its own. */
export function writeConfiguration(routing: Routing, format: Format): string {
  if (format === 'toml') return toml(routing)
  return format === 'json' ? json(routing) : yaml(routing)
}

function indices({ routers }: Routing): number[] {
  return Array.from({ length: routers }, (_, index) => index)
}

function ruleOf(index: number, { edition }: Routing): string {
  return `Host(\`host-${index}.bench.test\`) && PathPrefix(\`/${edition === 0 ? '' : `edition-${edition}`}\`)`
}

function generationRule({ generation }: Routing): string {
  return `Path(\`/generation-${generation}\`)`
}

function urlOf({ upstreamPort, edition }: Routing): string {
  return `http://127.0.0.1:${upstreamPort}/${edition}`
}

function yaml(routing: Routing): string {
  const routers = indices(routing).map(
    (index) => `    router-${index}:
      rule: "${ruleOf(index, routing)}"
      service: service-${index}
      entryPoints:
        - web
`,
  )
  const services = indices(routing).map(
    (index) => `    service-${index}:
      loadBalancer:
        servers:
          - url: ${urlOf(routing)}
`,
  )
  return `http:
  routers:
    generation: { rule: "${generationRule(routing)}", service: service-0 }
${routers.join('')}  services:
${services.join('')}`
}

function json(routing: Routing): string {
  const routers: Record<string, unknown> = { generation: { rule: generationRule(routing), service: 'service-0' } }
  const services: Record<string, unknown> = {}
  for (const index of indices(routing)) {
    routers[`router-${index}`] = {
      rule: ruleOf(index, routing),
      service: `service-${index}`,
      entryPoints: ['web'],
    }
    services[`service-${index}`] = { loadBalancer: { servers: [{ url: urlOf(routing) }] } }
  }
  return JSON.stringify({ http: { routers, services } })
}

function toml(routing: Routing): string {
  const routers = indices(routing).map(
    (index) => `[http.routers.router-${index}]
  rule = "${ruleOf(index, routing)}"
  service = "service-${index}"
  entryPoints = ["web"]
`,
  )
  const services = indices(routing).map(
    (index) => `[http.services.service-${index}.loadBalancer]
  [[http.services.service-${index}.loadBalancer.servers]]
    url = "${urlOf(routing)}"
`,
  )
  return `[http.routers.generation]
  rule = "${generationRule(routing)}"
  service = "service-0"
${routers.join('')}${services.join('')}`
}
