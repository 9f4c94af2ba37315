export interface Routing {
  readonly routers: number
  readonly upstreamPort: number
  /** Served under `/generation-n`, so that a client can tell which configuration is in force. */
  readonly generation: number
  /** A change of this one changes every router and every service. */
  readonly edition: number
}

/** One way to write a dynamic configuration as a user would: each router with a host and a service of its own. */
export interface Style {
  readonly extension: 'yaml' | 'toml'
  write(routing: Routing): string
}

export const styles = {
  yaml: {
    extension: 'yaml',
    write: plainYaml,
  },
  'yaml-flow': {
    extension: 'yaml',
    write: (routing) =>
      yaml(routing, {
        router: (index) => ` { rule: "${ruleOf(index, routing)}", service: service-${index}, entryPoints: [web] }\n`,
        service: () => `
      loadBalancer: {
        servers: [
          { url: "${urlOf(routing)}" }, # the only one
        ],
      }
`,
      }),
  },
  'yaml-anchors': {
    extension: 'yaml',
    write: (routing) =>
      yaml(routing, {
        router: (index) =>
          index === 0
            ? ` &router\n${routerLines(index, routing)}      entryPoints: &points [web]\n      middlewares:\n`
            : `\n      <<: *router\n${routerLines(index, routing)}      entryPoints: *points\n`,
        service: (index) =>
          index === 0
            ? `\n      loadBalancer: &balancer\n        servers:\n          - url: ${urlOf(routing)}\n`
            : '\n      loadBalancer:\n        <<: *balancer\n        passHostHeader: true\n',
      }),
  },
  'yaml-texts': {
    extension: 'yaml',
    write: (routing) =>
      yaml(routing, {
        router: (index) => `
      rule: ${rulesOverLines[index % rulesOverLines.length]!(ruleOf(index, routing).split(' && '))}
      service: !!str service-${index}
      entryPoints: ["web"]
`,
        service: () => `
      loadBalancer:
        servers:
          - url: '${urlOf(routing)}'
`,
      }),
  },
  'yaml-crlf': { extension: 'yaml', write: (routing) => plainYaml(routing).replaceAll('\n', '\r\n') },
  /** Only the complete parser knows tags of numbers. */
  'yaml-odd': {
    extension: 'yaml',
    write: (routing) => `${plainYaml(routing)}    odd: ${oddService(routing)}\n`,
  },
  /** JSON is YAML; the file provider takes it under that name. */
  json: { extension: 'yaml', write: json },
  toml: { extension: 'toml', write: tables },
  'toml-inline': { extension: 'toml', write: inlineTables },
  'toml-texts': { extension: 'toml', write: textsOverLines },
  /** And hexadecimal numbers. */
  'toml-odd': { extension: 'toml', write: (routing) => `${tables(routing)}    weight = 0x1\n` },
  template: {
    extension: 'yaml',
    write: (routing) => `http:
  routers:
    generation: { rule: "${generationRule(routing)}", service: service-0 }
{{- range $index := until ${routing.routers} }}
    router-{{ $index }}:
      rule: "${ruleOf('{{ $index }}', routing)}"
      service: service-{{ $index }}
      entryPoints: [web]
{{- end }}
  services:
{{- range $index := until ${routing.routers} }}
    service-{{ $index }}: { loadBalancer: { servers: [{ url: "${urlOf(routing)}" }] } }
{{- end }}
`,
  },
} as const satisfies Record<string, Style>

export type StyleName = keyof typeof styles

function indices({ routers }: Routing): number[] {
  return Array.from({ length: routers }, (_, index) => index)
}

function ruleOf(index: number | string, { edition }: Routing): string {
  return `Host(\`host-${index}.bench.test\`) && PathPrefix(\`/${edition === 0 ? '' : `edition-${edition}`}\`)`
}

function generationRule({ generation }: Routing): string {
  return `Path(\`/generation-${generation}\`)`
}

function urlOf({ upstreamPort, edition }: Routing): string {
  return `http://127.0.0.1:${upstreamPort}/${edition}`
}

function plainYaml(routing: Routing): string {
  return yaml(routing, {
    router: (index) => `
      rule: "${ruleOf(index, routing)}"
      service: service-${index}
      entryPoints:
        - web
`,
    service: () => `
      loadBalancer:
        servers:
          - url: ${urlOf(routing)}
`,
  })
}

interface YamlEntries {
  /** What follows the colon behind the name. */
  router(index: number): string
  service(index: number): string
}

function yaml(routing: Routing, { router, service }: YamlEntries): string {
  return `http:
  routers:
    generation: { rule: "${generationRule(routing)}", service: service-0 }
${indices(routing)
  .map((index) => `    router-${index}:${router(index)}`)
  .join('')}  services:
${indices(routing)
  .map((index) => `    service-${index}:${service(index)}`)
  .join('')}`
}

function routerLines(index: number, routing: Routing): string {
  return `      rule: "${ruleOf(index, routing)}"\n      service: service-${index}\n`
}

const rulesOverLines: readonly ((parts: readonly string[]) => string)[] = [
  (parts) => `|-\n        ${parts.join(' &&\n        ')}`,
  (parts) => `>\n        ${parts.join('\n        && ')}`,
  (parts) => `"${parts.join(' &&\n        ')}"`,
  (parts) => parts.join(' &&\n        '),
]

function oddService(routing: Routing): string {
  return `{ loadBalancer: { servers: [{ url: "${urlOf(routing)}", weight: !!int "1" }] } }`
}

function json(routing: Routing): string {
  const routers: Record<string, unknown> = { generation: { rule: generationRule(routing), service: 'service-0' } }
  const services: Record<string, unknown> = {}
  for (const index of indices(routing)) {
    routers[`router-${index}`] = { rule: ruleOf(index, routing), service: `service-${index}`, entryPoints: ['web'] }
    services[`service-${index}`] = { loadBalancer: { servers: [{ url: urlOf(routing) }] } }
  }
  return JSON.stringify({ http: { routers, services } })
}

function tables(routing: Routing): string {
  return toml(routing, {
    router: (index) => `[http.routers.router-${index}]
  rule = "${ruleOf(index, routing)}"
  service = "service-${index}"
  entryPoints = ["web"]
`,
    service: (index) => `[http.services.service-${index}.loadBalancer]
  [[http.services.service-${index}.loadBalancer.servers]]
    url = "${urlOf(routing)}"
`,
  })
}

function inlineTables(routing: Routing): string {
  return toml(routing, {
    heads: ['[http.routers]\n', '[http.services]\n'],
    router: (index) =>
      `router-${index} = { rule = "${ruleOf(index, routing)}", service = "service-${index}", entryPoints = ["web"] }\n`,
    service: (index) => `service-${index}.loadBalancer = { servers = [{ url = "${urlOf(routing)}" }] }\n`,
  })
}

function textsOverLines(routing: Routing): string {
  return toml(routing, {
    router: (index) => `[http.routers.router-${index}]
  rule = """
${ruleOf(index, routing).replace(' && ', ' &&\n  ')}
"""
  service = '''service-${index}'''
  entryPoints = [
    "web", # the only one
  ]
`,
    service: (index) => `[[http.services.service-${index}.loadBalancer.servers]]\n  url = '${urlOf(routing)}'\n`,
  })
}

interface TomlEntries {
  /** In front of all routers, and of all services. */
  readonly heads?: readonly [string, string]
  router(index: number): string
  service(index: number): string
}

function toml(routing: Routing, { heads = ['', ''], router, service }: TomlEntries): string {
  return `[http.routers.generation]
  rule = "${generationRule(routing)}"
  service = "service-0"
${heads[0]}${indices(routing).map(router).join('')}${heads[1]}${indices(routing).map(service).join('')}`
}
