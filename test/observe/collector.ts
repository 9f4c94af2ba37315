type AnyValue = { stringValue?: string; intValue?: number; arrayValue?: { values: AnyValue[] } }

interface WireSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: AnyValue }[]
  events: { name: string; attributes: { key: string; value: AnyValue }[] }[]
  status: { code: number; message?: string }
}

interface WireExport {
  resourceSpans: {
    resource: { attributes: { key: string; value: AnyValue }[] }
    scopeSpans: { scope: { name: string; version?: string }; spans: WireSpan[] }[]
  }[]
}

export interface ReceivedSpan extends Omit<WireSpan, 'attributes' | 'events' | 'kind'> {
  readonly kind: string
  readonly attributes: Record<string, unknown>
  readonly events: { readonly name: string; readonly attributes: Record<string, unknown> }[]
}

/** A collector that speaks OTLP/HTTP with JSON, on a port of its own. */
export interface Collector extends AsyncDisposable {
  readonly url: string
  readonly spans: ReceivedSpan[]
  readonly resource: Record<string, unknown>
  readonly scopes: { readonly name: string; readonly version?: string }[]
  readonly requests: Request[]
  span(name: string): ReceivedSpan
}

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT']

/** `answer` may fail, or never come. */
export function startCollector(answer: () => Response | Promise<Response> = () => Response.json({})): Collector {
  const spans: ReceivedSpan[] = []
  const resource: Record<string, unknown> = {}
  const scopes: { name: string; version?: string }[] = []
  const requests: Request[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      requests.push(request)
      const { resourceSpans } = (await request.clone().json()) as WireExport
      for (const { resource: from, scopeSpans } of resourceSpans) {
        Object.assign(resource, asObject(from.attributes))
        scopes.push(...scopeSpans.map(({ scope }) => scope))
        spans.push(...scopeSpans.flatMap((scope) => scope.spans.map(received)))
      }
      return answer()
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    resource,
    scopes,
    requests,
    span: (name) => {
      const found = spans.find((span) => span.name === name)
      if (found === undefined) throw new Error(`no span ${name} among ${spans.map((span) => span.name).join(', ')}`)
      return found
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

function received(span: WireSpan): ReceivedSpan {
  return {
    ...span,
    kind: kinds[span.kind] ?? String(span.kind),
    attributes: asObject(span.attributes),
    events: span.events.map((event) => ({ name: event.name, attributes: asObject(event.attributes) })),
  }
}

function asObject(attributes: { key: string; value: AnyValue }[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]))
}

function plain(value: AnyValue): unknown {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plain)
  return value.stringValue ?? value.intValue
}
