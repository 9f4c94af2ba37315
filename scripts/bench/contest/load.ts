/** What one client saw in one run. */
export interface Load {
  readonly requests: number
  readonly durationMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Connections refused, broken or timed out. */
  readonly errors: number
  /** Answers with another status or other bytes than the upstream's. */
  readonly wrong: number
}

/** What a client needs to know of its target. */
export interface Target {
  readonly folder: string
  readonly httpPort: number
  readonly httpsPort: number
  /** Put before the client's own command: its core. */
  readonly prefix: readonly string[]
  readonly seconds: number
  /** Body that must come, as a file. */
  readonly expectedFile: string
  readonly uploadFile: string
}
