import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  status,
  type ChannelCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'

/** Opens the server on a free port, which is told. */
export function listenGrpc(
  server: Server,
  tls: { readonly cert: string; readonly key: string } | undefined,
): Promise<number> {
  const terms =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }])
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', terms, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  )
}

const asIs = (bytes: Buffer): Buffer => bytes

function method(name: string, { requestStream = false, responseStream = false } = {}) {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }
}

/** Messages are plain bytes: no schema is needed to show what a proxy does to them. */
export const echo = {
  unary: method('Unary'),
  collect: method('Collect', { requestStream: true }),
  repeat: method('Repeat', { responseStream: true }),
  chat: method('Chat', { requestStream: true, responseStream: true }),
  never: method('Never'),
} as const

export interface GrpcServer extends AsyncDisposable {
  readonly port: number
  /** Calls of `never` that have come. */
  readonly waiting: number
  /** Those of them that the server has seen cancelled. */
  readonly cancelled: number
}

/** Answers `echo` with the library that most users have. */
export async function startGrpcServer(tls?: { readonly cert: string; readonly key: string }): Promise<GrpcServer> {
  const server = new Server()
  let waiting = 0
  let cancelled = 0
  const never = (call: NodeJS.EventEmitter): void => {
    waiting += 1
    call.on('cancelled', () => (cancelled += 1))
  }
  const implementation: UntypedServiceImplementation = {
    unary: answerUnary as never,
    collect: collect as never,
    repeat: repeat as never,
    chat: chat as never,
    never: never as never,
  }
  server.addService(echo as unknown as ServiceDefinition, implementation)
  const port = await listenGrpc(server, tls)
  return {
    port,
    get waiting() {
      return waiting
    },
    get cancelled() {
      return cancelled
    },
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  }
}

interface UnaryCall {
  readonly request: Buffer
}

/** `fail` is answered with a status alone (trailers only), anything else with itself and trailers. */
function answerUnary(call: UnaryCall, answer: (...given: unknown[]) => void): void {
  if (call.request.toString() === 'fail') {
    return answer({ code: status.FAILED_PRECONDITION, details: 'not today, 100 %' })
  }
  answer(null, call.request)
}

type Incoming = AsyncIterable<Buffer>

async function collect(call: Incoming, answer: (error: null, message: Buffer) => void): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of call) pieces.push(piece)
  answer(null, Buffer.concat(pieces))
}

interface Outgoing {
  readonly request: Buffer
  write(message: Buffer): boolean
  end(): void
}

function repeat(call: Outgoing): void {
  for (let count = 0; count < 3; count++) call.write(Buffer.from(`${call.request.toString()}${count}`))
  call.end()
}

function chat(call: NodeJS.EventEmitter & Outgoing): void {
  call.on('data', (piece: Buffer) => call.write(Buffer.from(piece.toString().toUpperCase())))
  call.on('end', () => call.end())
}

export interface GrpcClient extends Disposable {
  readonly raw: Client
}

export function grpcClient(port: number, certificate?: string): GrpcClient {
  const terms: ChannelCredentials =
    certificate === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(certificate))
  const raw = new Client(`localhost:${port}`, terms)
  return { raw, [Symbol.dispose]: () => raw.close() }
}
