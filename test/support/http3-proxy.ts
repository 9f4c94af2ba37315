import { dynamicText, WireProxy, type ProxyOptions } from './proxy.ts'

/** A whole proxy in this process whose routers are for TLS, and whose entry point speaks HTTP/3 as well. */
export function startHttp3Proxy(options: ProxyOptions): Promise<WireProxy> {
  const dynamic = options.dynamic ?? dynamicText(options).replace('service: target', '$&, tls: {}')
  return WireProxy.start({ ...options, dynamic, flags: ['entryPoints.web.http3=true', ...(options.flags ?? [])] })
}
