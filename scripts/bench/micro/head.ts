import { createDecoder } from '../../../src/http1/body-decoder.ts'
import { encodeRequestHead, encodeResponseHead, parseRequestHead, parseResponseHead } from '../../../src/http1/head.ts'
import { keep, type Bench } from './bench.ts'

const limits = { maxHeadBytes: 1 << 20, maxTargetBytes: 1 << 16, maxFields: 200 }

const wrk = Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n', 'latin1')
const browser = Buffer.from(
  'GET /some/path/index.html?x=1&y=2 HTTP/1.1\r\n' +
    'Host: www.example.com\r\n' +
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n' +
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n' +
    'Accept-Language: en-US,en;q=0.5\r\n' +
    'Accept-Encoding: gzip, deflate, br\r\n' +
    'Connection: keep-alive\r\n' +
    'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n' +
    'Cache-Control: max-age=0\r\n\r\n',
  'latin1',
)
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/plain\r\n' +
    'Content-Length: 130\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nConnection: keep-alive\r\n' +
    'ETag: "65920080-82"\r\nAccept-Ranges: bytes\r\n\r\n',
  'latin1',
)
const chunks = Buffer.from(`${`1000\r\n${'x'.repeat(4096)}\r\n`.repeat(16)}0\r\n\r\n`, 'latin1')
const sink = { push: () => {} }

const request = wholeHead(parseRequestHead(browser, 0, limits))
const response = wholeHead(parseResponseHead(answer, 0, limits, { requestMethod: 'GET' }))

const cases: Record<string, () => unknown> = {
  'parse request, 8 headers': () => parseRequestHead(browser, 0, limits),
  'parse request, Host alone': () => parseRequestHead(wrk, 0, limits),
  'parse response, 8 headers': () => parseResponseHead(answer, 0, limits, { requestMethod: 'GET' }),
  'encode request, 7 headers': () => Buffer.from(encodeRequestHead(request), 'latin1'),
  'encode response, 7 headers': () => Buffer.from(encodeResponseHead(response), 'latin1'),
  'decode 16 chunks of 4 KiB': () => createDecoder({ kind: 'chunked' }, limits).decode(chunks, 0, sink),
}

function wholeHead<Head>(result: { kind: 'head'; head: Head } | { kind: 'incomplete' } | { kind: 'bad' }): Head {
  if (result.kind !== 'head') throw new Error(`${result.kind} head`)
  return result.head
}

export const benches: Bench[] = Object.entries(cases).map(([name, call]) => ({ name, run: () => keep(call()) }))
