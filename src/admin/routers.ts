import type { Element } from '../config/dynamic-element.ts'
import type { HttpRouter } from '../config/dynamic-http.ts'
import type { TcpRouter } from '../config/dynamic-tcp.ts'
import type { EntryPointConfiguration } from '../config/static.ts'
import type { Steps } from '../config/steps.ts'
import { exactNumber } from '../config/written-out.ts'
import { defaultEntryPoints } from '../snapshot/build.ts'
import { effectivePriority, hasModel, nameAt } from '../snapshot/http-routers.ts'
import { providerOf, qualify } from '../snapshot/reference.ts'
import { elementItems } from './element-items.ts'
import { statusFields, type Item } from './item.ts'
import type { Standing } from './standing.ts'
import type { View } from './view.ts'

export function httpRouterItems(view: View): Steps<Item[]> {
  const defaults = defaultEntryPoints(view.static)
  const elements = view.dynamic.httpRouters
  return elementItems({ view, section: 'httpRouters', elements }, (element, standing) =>
    copiesOf(element, view, defaults).map((copy) => httpItem(element, copy, standing)),
  )
}

export function tcpRouterItems(view: View): Steps<Item[]> {
  const defaults = defaultEntryPoints(view.static)
  const elements = view.dynamic.tcpRouters
  return elementItems({ view, section: 'tcpRouters', elements }, (element, standing) => {
    const { name, value } = element
    const written = value.entryPoints ?? defaults
    const using = written.filter((entryPoint) => view.static.entryPoints.has(entryPoint))
    return [tcpItem(element, { name, entryPoints: written, using, model: undefined }, standing)]
  })
}

/** A router as one or more entry points have it: one with settings for its routers has a router of its own. */
interface RouterCopy {
  readonly name: string
  /** As configured, with those that are not there. */
  readonly entryPoints: readonly string[]
  readonly using: readonly string[]
  /** Undefined for entry points that add nothing. */
  readonly model: EntryPointConfiguration | undefined
}

function copiesOf({ name, value }: Element<HttpRouter>, view: View, defaults: readonly string[]): RouterCopy[] {
  const { entryPoints } = view.static
  const written = [...new Set(value.entryPoints ?? defaults)]
  const known = written.filter((entryPoint) => entryPoints.has(entryPoint))
  const own = known.filter((entryPoint) => hasModel(entryPoints.get(entryPoint)!))
  const copies = own.map((entryPoint): RouterCopy => {
    const copyName = nameAt(entryPoint, { router: name, isOwn: true, isOnly: known.length === 1 })
    return { name: copyName, entryPoints: [entryPoint], using: [entryPoint], model: entryPoints.get(entryPoint) }
  })
  if (own.length > 0 && own.length === known.length) return copies
  const rest = written.filter((entryPoint) => !own.includes(entryPoint))
  const using = known.filter((entryPoint) => !own.includes(entryPoint))
  return [{ name, entryPoints: rest, using, model: undefined }, ...copies]
}

function httpItem(element: Element<HttpRouter>, copy: RouterCopy, standing: Standing): Item {
  const { value } = element
  const middlewares = [...(copy.model?.http.middlewares ?? []), ...value.middlewares]
  const common = commonItem(element, copy, standing)
  const qualified = middlewares.map((reference) => qualify(reference, element.name))
  const describe = () => ({
    ...commonFields(element, copy, qualified),
    ...httpTls(value.tls ?? copy.model?.http.tls),
    observability: observability(value, copy.model),
    ...statusFields(standing),
    ...usingFields(copy, standing),
  })
  return { ...common, middlewares: qualified, describe }
}

function tcpItem(element: Element<TcpRouter>, copy: RouterCopy, standing: Standing): Item {
  const middlewares = element.value.middlewares.map((reference) => qualify(reference, element.name))
  const describe = () => ({
    ...commonFields(element, copy, middlewares),
    ...tcpTls(element.value.tls),
    ...statusFields(standing),
    ...usingFields(copy, standing),
  })
  return { ...commonItem(element, copy, standing), middlewares, describe }
}

function commonItem({ name, value }: Element<HttpRouter | TcpRouter>, copy: RouterCopy, { status }: Standing) {
  return {
    name: copy.name,
    provider: providerOf(name),
    status,
    rule: value.rule.text,
    service: value.service,
    priority: effectivePriority(value),
    entryPoints: copy.entryPoints.length,
  }
}

function commonFields({ value }: Element<HttpRouter | TcpRouter>, copy: RouterCopy, middlewares: readonly string[]) {
  const priority = String(effectivePriority(value))
  return {
    entryPoints: copy.entryPoints,
    ...(middlewares.length > 0 && { middlewares }),
    service: value.service,
    rule: value.rule.text,
    priority: exactNumber(priority),
    priorityStr: priority,
  }
}

/** Traefik tells of no entry point for a router that is out of use. */
function usingFields({ using }: RouterCopy, { status }: Standing): object {
  return status === 'disabled' || using.length === 0 ? {} : { using: using.toSorted() }
}

function httpTls(tls: HttpRouter['tls']): object {
  if (tls === undefined) return {}
  return { tls: { options: tls.options ?? 'default', ...domainFields(tls) } }
}

function tcpTls(tls: TcpRouter['tls']): object {
  if (tls === undefined) return {}
  const { passthrough, options } = tls
  return { tls: { passthrough, ...(options !== undefined && { options }), ...domainFields(tls) } }
}

function domainFields({ domains }: Pick<NonNullable<HttpRouter['tls']>, 'domains'>): object {
  if (domains.length === 0) return {}
  return { domains: domains.map(({ main, sans }) => ({ main, ...(sans.length > 0 && { sans }) })) }
}

const observedByDefault = { accessLogs: true, metrics: true, tracing: true, traceVerbosity: 'minimal' } as const

function observability({ observability: own }: HttpRouter, model: EntryPointConfiguration | undefined) {
  const inherited = model?.observability ?? observedByDefault
  return {
    accessLogs: own.accessLogs ?? inherited.accessLogs,
    metrics: own.metrics ?? inherited.metrics,
    tracing: own.tracing ?? inherited.tracing,
    traceVerbosity: own.traceVerbosity ?? inherited.traceVerbosity,
  }
}
