import { maxFrameBytes, mostWindowBytes, violation, type Violation } from './frame.ts'

/** RFC 9113 §6.5.2. */
export const settingId = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
  /** RFC 8441 §3. */
  enableConnectProtocol: 0x8,
} as const

/** What a SETTINGS frame changes; undefined: nothing. */
export interface SettingsChange {
  headerTableBytes: number | undefined
  maxConcurrentStreams: number | undefined
  initialWindowBytes: number | undefined
}

export function readSettings(bytes: Buffer, start: number, end: number): SettingsChange | Violation {
  if ((end - start) % 6 !== 0) return violation('frameSizeError', 'a SETTINGS frame with half a setting')
  const change: SettingsChange = {
    headerTableBytes: undefined,
    maxConcurrentStreams: undefined,
    initialWindowBytes: undefined,
  }
  for (let at = start; at < end; at += 6) {
    const fault = take(change, bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2))
    if (fault !== undefined) return fault
  }
  return change
}

function take(change: SettingsChange, id: number, value: number): Violation | undefined {
  switch (id) {
    case settingId.headerTableSize:
      change.headerTableBytes = value
      return undefined
    case settingId.enablePush:
      return value > 1 ? violation('protocolError', 'an ENABLE_PUSH that is neither 0 nor 1') : undefined
    case settingId.maxConcurrentStreams:
      change.maxConcurrentStreams = value
      return undefined
    case settingId.initialWindowSize:
      if (value > mostWindowBytes) return violation('flowControlError', 'an INITIAL_WINDOW_SIZE above 2^31-1')
      change.initialWindowBytes = value
      return undefined
    case settingId.maxFrameSize:
      if (value < maxFrameBytes || value > 2 ** 24 - 1)
        return violation('protocolError', `a MAX_FRAME_SIZE of ${value}`)
      return undefined
    default:
      return undefined
  }
}
