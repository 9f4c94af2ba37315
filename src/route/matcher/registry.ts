import type { HttpRequest } from '../../http/message.ts'
import type { TcpFacts } from '../tcp-facts.ts'
import { alpn } from './alpn.ts'
import { clientIp, tcpClientIp } from './client-ip.ts'
import type { MatcherDefinition } from './define.ts'
import { header } from './header.ts'
import { headerRegexp } from './header-regexp.ts'
import { host } from './host.ts'
import { hostRegexp } from './host-regexp.ts'
import { hostSni } from './host-sni.ts'
import { hostSniRegexp } from './host-sni-regexp.ts'
import { method } from './method.ts'
import { path } from './path.ts'
import { pathPrefix } from './path-prefix.ts'
import { pathRegexp } from './path-regexp.ts'
import { query } from './query.ts'
import { queryRegexp } from './query-regexp.ts'

export const httpMatchers: readonly MatcherDefinition<HttpRequest>[] = [
  host,
  hostRegexp,
  path,
  pathPrefix,
  pathRegexp,
  method,
  header,
  headerRegexp,
  query,
  queryRegexp,
  clientIp,
]

export const tcpMatchers: readonly MatcherDefinition<TcpFacts>[] = [hostSni, hostSniRegexp, tcpClientIp, alpn]
