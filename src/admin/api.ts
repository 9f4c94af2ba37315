import { problemToJson } from '../config/problem.ts'
import { inSlices, type Steps } from '../config/steps.ts'
import type { Handler, HttpResponse } from '../http/message.ts'
import { notFound, reply } from '../http/reply.ts'
import { sluiceVersion } from '../version.ts'
import { describeEntryPoint, describeEntryPoints } from './entry-points.ts'
import { represent, type Item } from './item.ts'
import { arrayPieces, jsonError, jsonReply, objectPieces, streamedJson } from './json-reply.ts'
import { lists, type List } from './lists.ts'
import { overview } from './overview.ts'
import { pageOf } from './page.ts'
import { searchItems } from './search.ts'
import type { View } from './view.ts'

export interface ApiOptions {
  /** Goes before `/api`. */
  readonly basePath: string
  /** Undefined while there is no configuration yet. */
  readonly view: () => View | undefined
}

/** `api@internal`: Traefik's read-only API (§5.4). */
export function api({ basePath, view }: ApiOptions): Handler {
  const prefix = `${basePath.replace(/\/+$/, '')}/api/`
  const startDate = new Date().toISOString()
  return (request) => {
    const current = view()
    if (current === undefined || !request.path.startsWith(prefix)) return Promise.resolve(notFound())
    // RFC 9110 §9.1: whoever has GET has HEAD.
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return Promise.resolve(reply(405, '', ['Allow', 'GET, HEAD']))
    }
    const query = new URLSearchParams(request.query)
    return inSlices(answer({ path: request.path.slice(prefix.length), query, view: current, startDate }))
  }
}

interface Question {
  /** What follows `/api/`, still encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly view: View
  readonly startDate: string
}

function* answer(question: Question): Steps<HttpResponse> {
  const { path, query, view, startDate } = question
  if (path === 'version') return jsonReply(200, version(view, startDate))
  if (path === 'overview') return jsonReply(200, yield* overview(view))
  if (path === 'rawdata') return yield* rawData(view)
  if (path === 'problems') return listReply(problemsOf(view), query, problemToJson)
  if (path === 'entrypoints') return listReply(describeEntryPoints(view.static), query, (each) => each)
  const [group, second, third, ...more] = path.split('/')
  if (group === 'entrypoints' && third === undefined) return namedReply('entryPoint', second, entryPointPage(view))
  const list = lists.find(({ protocol, plural }) => protocol === group && plural === second)
  if (list === undefined || more.length > 0) return notFound()
  const items = yield* list.items(view)
  if (third === undefined) return listReply(yield* searchItems(items, query), query, represent)
  return namedReply(list.noun, third, (name) => {
    const found = items.find((item) => item.name === name)
    return found === undefined ? jsonError(404, `${list.noun} not found: ${name}`) : jsonReply(200, represent(found))
  })
}

function version({ static: { api: options } }: View, startDate: string): object {
  return {
    Version: sluiceVersion,
    Codename: 'sluice',
    startDate,
    ...(options?.disableDashboardAd === true && { disableDashboardAd: true }),
    ...(options !== undefined && options.dashboardName !== '' && { dashboardName: options.dashboardName }),
  }
}

/** Not Traefik's: what it only logs. */
function problemsOf({ problems, snapshot }: View) {
  return [...problems, ...snapshot.problems]
}

function entryPointPage({ static: { entryPoints } }: View): (name: string) => HttpResponse {
  return (name) => {
    const found = entryPoints.get(name)
    if (found === undefined) return jsonError(404, `entry point not found: ${name}`)
    return jsonReply(200, describeEntryPoint(name, found))
  }
}

function listReply<T>(items: readonly T[], query: URLSearchParams, convert: (item: T) => unknown): HttpResponse {
  const page = pageOf(query, items.length)
  if ('message' in page) return jsonError(400, page.message)
  return streamedJson(arrayPieces(items.slice(page.start, page.end), convert), ['X-Next-Page', String(page.next)])
}

/** `encoded`: a name in a path, `app@file` or `a%2Fb@file`. */
function namedReply(noun: string, encoded: string | undefined, find: (name: string) => HttpResponse): HttpResponse {
  if (encoded === undefined || encoded === '') return notFound()
  try {
    return find(decodeURIComponent(encoded))
  } catch (thrown) {
    if (!(thrown instanceof URIError)) throw thrown
    return jsonError(400, `unable to decode ${noun}ID ${JSON.stringify(encoded)}: invalid URL escape`)
  }
}

function* rawData(view: View): Steps<HttpResponse> {
  const sections: Section[] = []
  for (const list of lists) sections.push({ list, items: yield* list.items(view) })
  return streamedJson(sectionPieces(sections.filter(({ items }) => items.length > 0)))
}

interface Section {
  readonly list: List
  readonly items: readonly Item[]
}

function* sectionPieces(sections: readonly Section[]): Generator<string> {
  let separator = '{'
  for (const { list, items } of sections) {
    yield `${separator}${JSON.stringify(list.rawKey)}:`
    yield* objectPieces(items, (item) => [item.name, item.describe()])
    separator = ','
  }
  yield separator === '{' ? '{}' : '}'
}
