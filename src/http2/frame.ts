/** RFC 9113 §6. */
export const frameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  resetStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const

export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** RFC 9113 §7. */
export const errorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  enhanceYourCalm: 0xb,
} as const

/** What ends a connection: the code for GOAWAY, and what the log is told. */
export interface Violation {
  readonly code: number
  readonly detail: string
}

export function violation(code: keyof typeof errorCode, detail: string): Violation {
  return { code: errorCode[code], detail }
}

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
export const frameHeadBytes = 9
/** Of one frame, either way: never more is announced, and never more sent, so that streams take turns. */
export const maxFrameBytes = 16_384
export const mostWindowBytes = 2 ** 31 - 1
export const initialWindowBytes = 65_535
