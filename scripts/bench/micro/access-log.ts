import { emptyBody } from '../../../src/http/body.ts'
import { Exchange } from '../../../src/http/exchange.ts'
import { type AccessLogOptions, createAccessLog } from '../../../src/observe/access-log.ts'
import { silentLog } from '../../../src/observe/log.ts'
import type { Bench } from './bench.ts'

function finishedExchange(startedAt: number): Exchange {
  const client = { address: '203.0.113.7', port: 51234, localAddress: '192.0.2.1', localPort: 80, tls: undefined }
  const exchange = new Exchange('web', client, startedAt)
  const headers = ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0', 'Accept', '*/*']
  exchange.request = {
    ...{ method: 'GET', path: '/assets/app.js', query: 'v=17', host: 'example.org', version: '1.1' },
    ...{ headers, body: emptyBody, exchange, span: undefined },
  }
  exchange.response = { status: 200, headers: ['Content-Type', 'text/javascript'], body: emptyBody }
  exchange.routerName = 'web@file'
  exchange.serviceName = 'app@file'
  exchange.serverUrl = 'http://10.0.0.2:80'
  exchange.originStatus = 200
  exchange.originDurationMs = 2.5
  exchange.responseBytes = 5120
  exchange.endedAt = startedAt + 3.75
  exchange.outcome = { kind: 'complete' }
  return exchange
}

// Each request has its own time, 20 µs after the last one's, as under load: the text of a second is made anew.
const start = Date.now()
const exchanges = Array.from({ length: 1024 }, (_, number) => finishedExchange(start + number * 0.02))

/** From the finished exchange to the bytes that are handed to the kernel (the file is /dev/null). */
function lineBench(name: string, options: Partial<AccessLogOptions>): Bench {
  const defaults: AccessLogOptions = { filePath: '/dev/null', format: 'common', bufferingSize: 0, addInternals: false }
  const accessLog = createAccessLog({ ...defaults, ...options }, silentLog)
  let at = 0
  return {
    name,
    run: () => {
      accessLog.record(exchanges[at++ & 1023]!)
    },
  }
}

export const benches: Bench[] = [
  lineBench('common line', {}),
  lineBench('common line with Referer and User-Agent', {
    fields: { defaultMode: 'keep', headers: { defaultMode: 'keep' } },
  }),
  lineBench('json line', { format: 'json' }),
  lineBench('json line with every header', {
    format: 'json',
    fields: { defaultMode: 'keep', headers: { defaultMode: 'keep' } },
  }),
  lineBench('line that a filter keeps out', { filters: { statusCodes: [{ from: 500, to: 599 }] } }),
]
