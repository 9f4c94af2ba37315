import { errorCode } from '../http2/frame.ts'

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
    case errorCode.noError:
      return http3Code.noError
    case errorCode.protocolError:
      return http3Code.messageError
    case errorCode.refusedStream:
      return http3Code.requestRejected
    case errorCode.cancel:
      return http3Code.requestCancelled
    default:
      return http3Code.internalError
  }
}
