import { bytesBody, type Body } from '../../http/body.ts'
import { ProxyError } from '../../errors.ts'
import { headerValue, type Headers } from '../../http/headers.ts'
import type { HttpResponse } from '../../http/message.ts'
import { readWhole } from '../../http/whole-body.ts'
import type { Verdict } from './probe.ts'

/** The call of gRPC's own health protocol, https://github.com/grpc/grpc/blob/master/doc/health-checking.md. */
export const grpcCheckTarget = '/grpc.health.v1.Health/Check'

export const grpcCheckHeaders: Headers = ['Content-Type', 'application/grpc', 'Te', 'trailers']

/** Asks for the server as a whole: a message without a service's name has no bytes, only its frame. */
export function grpcCheckBody(): Body {
  return bytesBody(new Uint8Array(5))
}

/** What is asked for has two bytes. */
const mostBytes = 1024

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const serving = 1

/** Up when the call has succeeded and its answer is SERVING. Rejects when the body breaks off. */
export async function judgeGrpc({ status, headers, body }: HttpResponse): Promise<Verdict> {
  const bytes = await readWhole(body, mostBytes)
  if (bytes === undefined) throw new ProxyError('upstream.malformed', 'answered with more than a health status')
  if (status !== 200) return { isUp: false, reason: `answered with status ${status}` }
  // Without a message the fields of the head are those of the trailers as well.
  const code = headerValue(body.trailers, 'grpc-status') ?? headerValue(headers, 'grpc-status')
  if (code !== '0') return { isUp: false, reason: `answered with gRPC status ${code ?? 'missing'}` }
  const health = decodeStatus(bytes)
  return health === serving ? { isUp: true } : { isUp: false, reason: `says ${statuses[health] ?? health}` }
}

/** Field 1 of the one message, a number below 128; 0 when it is left out, as for every number in protobuf. */
function decodeStatus(frame: Uint8Array): number {
  const [isCompressed, , , , , tag, value] = frame
  return isCompressed === 0 && tag === 0x08 ? (value ?? 0) : 0
}
