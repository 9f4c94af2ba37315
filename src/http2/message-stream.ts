import type { Http2Stream, ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'

/** What reading, writing and ending a message need of its stream: that of HTTP/2, or one of HTTP/3 in the same form. */
export type MessageStream = Duplex & Pick<Http2Stream, 'aborted' | 'rstCode' | 'close' | 'sendTrailers'>

/** The server's side of one request. */
export type ServerMessageStream = MessageStream & Pick<ServerHttp2Stream, 'respond' | 'additionalHeaders'>
