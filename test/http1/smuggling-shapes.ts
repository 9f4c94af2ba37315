/** Messages that two parsers have been known to read in two ways, each with the one reading it has here. */
export interface Shape {
  readonly name: string
  /** One char per octet. */
  readonly bytes: string
  /** As `readRequests` tells it. */
  readonly seen: readonly string[]
}

const host = 'Host: a.example\r\n'
const next = `GET /next HTTP/1.1\r\n${host}\r\n`
const malformed = ['refused client.malformed']
const unsupported = ['refused client.unsupportedCoding']

function post(name: string, fields: string, body: string, seen: readonly string[]): Shape {
  return { name, bytes: `POST / HTTP/1.1\r\n${host}${fields}\r\n${body}`, seen }
}

function get(name: string, fields: string, seen: readonly string[]): Shape {
  return { name, bytes: `GET / HTTP/1.1\r\n${host}${fields}\r\n`, seen }
}

function chunked(name: string, body: string, seen: readonly string[] = ['bad body']): Shape {
  return post(name, 'Transfer-Encoding: chunked\r\n', body, seen)
}

const bothFields: readonly Shape[] = [
  post('CL.TE', 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\nX${next}`, malformed),
  post('TE.CL', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `5c\r\n${next}\r\n0\r\n\r\n`, malformed),
  post(
    'CL.TE with a chunked that is no chunked',
    'Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n',
    'hello',
    malformed,
  ),
  post('CL.TE with identity', 'Content-Length: 5\r\nTransfer-Encoding: identity\r\n', 'hello', malformed),
  post('CL.TE with an empty coding', 'Content-Length: 5\r\nTransfer-Encoding:\r\n', 'hello', malformed),
  post('CL of 0 with TE', 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n', malformed),
]

const transferEncoding: readonly Shape[] = [
  post('TE with a space before the colon', 'Transfer-Encoding : chunked\r\n', '0\r\n\r\n', malformed),
  post('TE with a tab before the colon', 'Transfer-Encoding\t: chunked\r\n', '0\r\n\r\n', malformed),
  post('TE behind white space', ' Transfer-Encoding: chunked\r\n', '0\r\n\r\n', malformed),
  post('TE folded', 'Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n', malformed),
  post('TE folded with a tab', 'Transfer-Encoding:\r\n\tchunked\r\n', '0\r\n\r\n', malformed),
  post('TE behind a folded field', 'X: a\r\n Transfer-Encoding: chunked\r\n', '0\r\n\r\n', malformed),
  post('TE behind a bare LF', 'X: a\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n', malformed),
  post('TE behind a bare CR', 'X: a\rTransfer-Encoding: chunked\r\n', '0\r\n\r\n', malformed),
  post('TE with a vertical tab before', 'Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n', malformed),
  post('TE with a vertical tab after', 'Transfer-Encoding: chunked\x0b\r\n', '0\r\n\r\n', malformed),
  post('TE with a form feed', 'Transfer-Encoding: \x0cchunked\r\n', '0\r\n\r\n', malformed),
  post('TE with NUL', 'Transfer-Encoding: chunked\0\r\n', '0\r\n\r\n', malformed),
  post('TE with a bare CR', 'Transfer-Encoding: chunked\r\r\n', '0\r\n\r\n', malformed),
  post('TE with NBSP', 'Transfer-Encoding: \xa0chunked\r\n', '0\r\n\r\n', malformed),
  post('TE in quotes', 'Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n', malformed),
  post('TE empty', 'Transfer-Encoding: \r\n', '0\r\n\r\n', malformed),
  post('TE with a leading comma', 'Transfer-Encoding: , chunked\r\n', '0\r\n\r\n', malformed),
  post('TE with a trailing comma', 'Transfer-Encoding: chunked,\r\n', '0\r\n\r\n', malformed),
  post('TE with a space within', 'Transfer-Encoding: chun ked\r\n', '0\r\n\r\n', malformed),
  post('TE chunked twice', 'Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n', malformed),
  post(
    'TE chunked in two fields',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    '0\r\n\r\n',
    malformed,
  ),
  post(
    'TE chunked, then identity',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
    '0\r\n\r\n',
    malformed,
  ),
  post('TE chunked, then gzip', 'Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n', malformed),
  post('TE chunked with a parameter', 'Transfer-Encoding: chunked;ext=val\r\n', '0\r\n\r\n', malformed),
  post('TE gzip, then chunked', 'Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n', unsupported),
  post(
    'TE gzip and chunked in two fields',
    'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n',
    '',
    unsupported,
  ),
  post('TE gzip alone', 'Transfer-Encoding: gzip\r\n', '', unsupported),
  post('TE xchunked', 'Transfer-Encoding: xchunked\r\n', '', unsupported),
  post('TE identity', 'Transfer-Encoding: identity\r\n', '', unsupported),
  post('TE identity, then chunked', 'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', '', unsupported),
  {
    name: 'TE in HTTP/1.0',
    bytes: `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    seen: malformed,
  },
  post('TE in capitals', 'TRANSFER-ENCODING: CHUNKED\r\n', `0\r\n\r\n${next}`, ['POST /', 'GET /next', 'open']),
  post('TE after a tab', 'Transfer-Encoding:\tchunked\r\n', `0\r\n\r\n${next}`, ['POST /', 'GET /next', 'open']),
  post('TE before white space', 'Transfer-Encoding: chunked \t\r\n', `0\r\n\r\n${next}`, [
    'POST /',
    'GET /next',
    'open',
  ]),
  post('TE spelt with an underscore', 'Transfer_Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${next}`, [
    'POST / 0',
    'GET /next',
    'open',
  ]),
]

const contentLength: readonly Shape[] = [
  post('CL twice, different', 'Content-Length: 5\r\nContent-Length: 10\r\n', 'helloworld', malformed),
  post('CL twice, the same', 'Content-Length: 5\r\nContent-Length: 5\r\n', 'hello', malformed),
  post('CL twice, in two cases', 'Content-Length: 5\r\ncontent-length: 6\r\n', 'hello!', malformed),
  ...['5, 5', '5,6', '+5', '-1', '-0', '0x5', '0o5', '5 5', '1_0', '5.0', '1e1', 'abc', '5x', '', '\xb2', "'5'"].map(
    (value) => post(`CL of ${JSON.stringify(value)}`, `Content-Length: ${value}\r\n`, 'hello', malformed),
  ),
  post('CL beyond 2^53', 'Content-Length: 9007199254740993\r\n', '', malformed),
  post('CL beyond 2^64', 'Content-Length: 18446744073709551621\r\n', 'hello', malformed),
  post('CL with a space before the colon', 'Content-Length : 5\r\n', 'hello', malformed),
  post('CL with NUL', 'Content-Length: 5\0\r\n', 'hello', malformed),
  post('CL folded', 'Content-Length:\r\n 5\r\n', 'hello', malformed),
  post('CL with leading zeros, a decimal number all the same', 'Content-Length: 0010\r\n', `helloworld${next}`, [
    'POST / helloworld',
    'GET /next',
    'open',
  ]),
  post('CL with white space around', 'Content-Length: \t5 \t\r\n', `hello${next}`, [
    'POST / hello',
    'GET /next',
    'open',
  ]),
  post('CL of 0 before another request', 'Content-Length: 0\r\n', next, ['POST /', 'GET /next', 'open']),
  post('no framing field: no body', '', next, ['POST /', 'GET /next', 'open']),
  {
    name: 'a GET with a body',
    bytes: `GET / HTTP/1.1\r\n${host}Content-Length: ${next.length}\r\n\r\n${next}`,
    seen: [`GET / ${next}`.trimEnd(), 'open'],
  },
]

const chunkedBodies: readonly Shape[] = [
  ...[
    '0x5',
    ' 5',
    '\t5',
    '5 ',
    '5\t',
    '+5',
    '-5',
    '',
    '5,5',
    '5g',
    'x',
    '\x005',
    '5\x0b',
    '1_0',
    '5 ;a',
    '"5"',
    '\xd9\xa5',
  ].map((size) => chunked(`a chunk size of ${JSON.stringify(size)}`, `${size}\r\nhello\r\n0\r\n\r\n`)),
  chunked('a chunk size beyond 2^53', '20000000000001\r\nhello\r\n0\r\n\r\n'),
  chunked('a chunk size beyond 2^64', '10000000000000005\r\nhello\r\n0\r\n\r\n'),
  chunked('a chunk size of many zeros', '00000000000000005\r\nhello\r\n0\r\n\r\n'),
  chunked('a chunk size line with a bare LF', '5\nhello\r\n0\r\n\r\n'),
  chunked('a chunk size line with a bare CR', '5\rhello\r\n0\r\n\r\n'),
  chunked('a chunk size line with CR CR LF', '5\r\r\nhello\r\n0\r\n\r\n'),
  chunked('a chunk that ends with a bare LF', '5\r\nhello\n0\r\n\r\n'),
  chunked('a chunk that ends with a bare CR', '5\r\nhello\r0\r\n\r\n'),
  chunked('a chunk without CRLF after it', '5\r\nhello0\r\n\r\n'),
  chunked('a chunk with two other octets for CRLF', '5\r\nhelloXX0\r\n\r\n'),
  chunked('a chunk longer than its size', '5\r\nhello!!\r\n0\r\n\r\n'),
  chunked('a chunk shorter than its size', '6\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension without a name', '5;\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension behind two semicolons', '5;;a\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension with a name that is no token', '5;bad[=x\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension without its value', '5;a=\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension with trailing white space', '5;a \r\nhello\r\n0\r\n\r\n'),
  chunked('an extension with an open quote', '5;a="b\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension with CRLF in quotes', '5;a="\r\n"\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension with a bare LF', '5;a\nhello\r\n0\r\n\r\n'),
  chunked('an extension with a bare LF and no name', '5;\nhello\r\n0\r\n\r\n'),
  chunked('an extension with a bare CR', '5;a\rX\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension with NUL', '5;a\0\r\nhello\r\n0\r\n\r\n'),
  chunked('an extension of 5,000 bytes', `5;a=${'b'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`),
  chunked('a last chunk with a bare LF', '5\r\nhello\r\n0\n\r\n'),
  chunked('an empty trailer section that ends with a bare LF', '5\r\nhello\r\n0\r\n\n'),
  chunked('a trailer that ends with a bare LF', '0\r\nX: a\n\r\n'),
  chunked('a trailer Content-Length', '0\r\nContent-Length: 50\r\n\r\n'),
  chunked('a trailer Transfer-Encoding', '0\r\nTransfer-Encoding: chunked\r\n\r\n'),
  chunked('a trailer Host', '0\r\nhost: evil.example\r\n\r\n'),
  chunked('a trailer with a space before the colon', '0\r\nX : a\r\n\r\n'),
  chunked('a folded trailer', '0\r\nX: a\r\n b\r\n\r\n'),
  chunked('a trailer with NUL', '0\r\nX: a\0\r\n\r\n'),
  chunked('a trailer without a colon', '0\r\nX\r\n\r\n'),
  chunked('a trailer section that is a request', `0\r\n${next}`),
  chunked('more trailers than fields are allowed', `0\r\n${'X: a\r\n'.repeat(21)}\r\n`),
  chunked('a trailer section beyond the limit', `0\r\nX: ${'a'.repeat(5000)}\r\n\r\n`),
  chunked('a premature last chunk', `0\r\n\r\n5\r\nhello\r\n`, ['POST /', 'refused client.malformed']),
  chunked('one octet behind the last chunk', `0\r\n\r\nX${next}`, ['POST /', 'XGET /next', 'open']),
  chunked('no last chunk', '5\r\nhello\r\n', ['truncated']),
  chunked('no end of the trailer section', '5\r\nhello\r\n0\r\n', ['truncated']),
  chunked('a chunk size in both cases', `a\r\nhelloworld\r\nA\r\nhelloworld\r\n0\r\n\r\n${next}`, [
    'POST / helloworldhelloworld',
    'GET /next',
    'open',
  ]),
  chunked('leading zeros', `0005\r\nhello\r\n000\r\n\r\n${next}`, ['POST / hello', 'GET /next', 'open']),
  chunked('extensions', `5;a;b=c;d="e;\\"f"; g = h\r\nhello\r\n0;i\r\n\r\n${next}`, [
    'POST / hello',
    'GET /next',
    'open',
  ]),
  chunked('trailers', `5\r\nhello\r\n0\r\nX-Sum: abc \r\nY:\r\n\r\n${next}`, [
    'POST / hello',
    '+ X-Sum: abc',
    '+ Y: ',
    'GET /next',
    'open',
  ]),
]

const lines: readonly Shape[] = [
  { name: 'a first header line of white space', bytes: `GET / HTTP/1.1\r\n \r\n${host}\r\n`, seen: malformed },
  { name: 'white space before Host', bytes: `GET / HTTP/1.1\r\n ${host}\r\n`, seen: malformed },
  { name: 'white space before the request line', bytes: ` ${next}`, seen: malformed },
  get('a field name with a space', 'X Y: a\r\n', malformed),
  get('a field name with NUL', 'X\0: a\r\n', malformed),
  get('a field name with a bracket', 'Bad[Name: a\r\n', malformed),
  get('a field name beyond ASCII', 'X-T\xebst: a\r\n', malformed),
  get('a field without a name', ': a\r\n', malformed),
  get('a line without a colon', 'NoColon\r\n', malformed),
  get('a field value with NUL', 'X: a\0b\r\n', malformed),
  get('a field value with BEL', 'X: a\x07b\r\n', malformed),
  get('a field value with DEL', 'X: a\x7fb\r\n', malformed),
  get('a field value with a bare CR', 'X: a\rb\r\n', malformed),
  get('a field value with a bare LF', 'X: a\nb\r\n', malformed),
  get('a field value with CR CR LF', 'X: a\r\r\n', malformed),
  get('a field value with a tab and obs-text', 'X: a\tb\xe9\r\n', ['GET /', 'open']),
  { name: 'a request line with a bare LF', bytes: `GET / HTTP/1.1\n${host}\r\n`, seen: malformed },
  { name: 'a request line with a bare CR', bytes: `GET / HTTP/1.1\r${host}\r\n`, seen: malformed },
  { name: 'bare LFs only', bytes: 'GET / HTTP/1.1\nHost: a\n\n', seen: malformed },
  { name: 'one empty line before a request', bytes: `\r\n${next}`, seen: ['GET /next', 'open'] },
  { name: 'two empty lines before a request', bytes: `\r\n\r\n${next}`, seen: malformed },
  { name: 'a bare LF before a request', bytes: `\n${next}`, seen: malformed },
  { name: 'an empty line between two requests', bytes: `${next}\r\n${next}`, seen: ['GET /next', 'GET /next', 'open'] },
  { name: 'HTTP/0.9', bytes: 'GET /\r\n', seen: malformed },
  { name: 'binary', bytes: '\x80\x01\x02\x03', seen: malformed },
  { name: 'a TLS ClientHello', bytes: '\x16\x03\x01\x02\0\x01\0', seen: malformed },
  { name: 'the HTTP/2 preface', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', seen: ['refused client.version'] },
]

const hosts: readonly Shape[] = [
  { name: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n', seen: malformed },
  { name: 'no Host in HTTP/1.0', bytes: 'GET / HTTP/1.0\r\n\r\n', seen: ['GET /', 'open'] },
  { name: 'no Host with an absolute target', bytes: 'GET http://a.example/ HTTP/1.1\r\n\r\n', seen: malformed },
  { name: 'two Hosts in HTTP/1.0', bytes: `GET / HTTP/1.0\r\n${host}${host}\r\n`, seen: malformed },
  get('two Hosts, different', 'Host: b.example\r\n', malformed),
  get('two Hosts, the same', host, malformed),
  get('two Hosts, in two cases', 'hOST: a.example\r\n', malformed),
  ...[
    '',
    'user@a',
    'user:pw@a',
    'a/path',
    'a?b',
    'a#b',
    'a b',
    'a\tb',
    'a, b',
    'a,b',
    'a:b',
    'a:-1',
    'a:65536',
    'a:80:80',
    ':80',
    '[::1',
    '::1',
    '[::1]x',
    '[::1]:x',
    '[]',
    '[v1.a]',
    '[::1%25lo]',
    '[g::]',
    'a%',
    'a%zz',
    'a\\b',
    '\xe9',
    'http://a',
  ].map((value): Shape => ({
    name: `a Host of ${JSON.stringify(value)}`,
    bytes: `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`,
    seen: malformed,
  })),
  ...[
    'a',
    'A.Example',
    'a.example.',
    'a:8080',
    'a:',
    '127.0.0.1:80',
    '[::1]',
    '[2001:db8::1]:65535',
    '[::ffff:1.2.3.4]',
    'a_b',
    'a%2Db',
    '*',
  ].map((value): Shape => ({
    name: `a Host of ${JSON.stringify(value)}`,
    bytes: `GET / HTTP/1.1\r\nHost: \t${value} \r\n\r\n`,
    seen: ['GET /', 'open'],
  })),
]

export const shapes: readonly Shape[] = [
  ...bothFields,
  ...transferEncoding,
  ...contentLength,
  ...chunkedBodies,
  ...lines,
  ...hosts,
]
