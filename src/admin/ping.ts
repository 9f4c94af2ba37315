import type { Handler } from '../http/message.ts'
import { reply, statusReply } from '../http/reply.ts'

export interface PingOptions {
  readonly terminatingStatusCode: number
  /** From the moment on that the program has been told to end. */
  readonly isTerminating: () => boolean
}

/** `ping@internal`: tells load balancers and health checks whether to send requests here (Traefik §5.4). */
export function ping({ terminatingStatusCode, isTerminating }: PingOptions): Handler {
  return () => Promise.resolve(isTerminating() ? statusReply(terminatingStatusCode) : reply(200, 'OK'))
}
