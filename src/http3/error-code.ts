import { constants } from 'node:http2'

/** RFC 9114 §8.1. */
export const http3Code = {
  noError: 0x100n,
  internalError: 0x102n,
  excessiveLoad: 0x107n,
  requestRejected: 0x10bn,
  requestCancelled: 0x10cn,
  messageError: 0x10en,
  versionFallback: 0x110n,
} as const

/** What HTTP/3 says where HTTP/2 says this. */
export function fromHttp2Code(code: number): bigint {
  switch (code) {
    case constants.NGHTTP2_NO_ERROR:
      return http3Code.noError
    case constants.NGHTTP2_PROTOCOL_ERROR:
      return http3Code.messageError
    case constants.NGHTTP2_REFUSED_STREAM:
      return http3Code.requestRejected
    case constants.NGHTTP2_CANCEL:
      return http3Code.requestCancelled
    default:
      return http3Code.internalError
  }
}
