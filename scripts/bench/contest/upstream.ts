import { join } from 'node:path'
import { startNginx } from '../../../test/support/nginx.ts'
import { freePort } from '../../../test/support/ports.ts'
import { startProgram } from '../../../test/support/process.ts'
import type { Exchange } from './scenario.ts'

/** What every candidate forwards to: one nginx, files and a sink for uploads, and a WebSocket server that echoes. */
export interface Upstream extends AsyncDisposable {
  readonly port: number
  readonly echoPort: number
  /** What the client must get, byte for byte. */
  readonly expected: Readonly<Record<Exchange, Uint8Array>>
  /** The same as files, for the client's own check. */
  readonly expectedFiles: Readonly<Record<Exchange, string>>
  readonly upload: Uint8Array
  readonly uploadFile: string
  /** Where the body of a POST to /upload-check is written, as the upstream got it. */
  readonly uploadLog: string
}

const lengths = { small: 130, medium: 64 * 1024, large: 1024 * 1024, echo: 1024 } as const
const uploadAnswer = 'taken\n'

export async function startUpstream(folder: string, prefix: readonly string[]): Promise<Upstream> {
  const port = await freePort()
  const site = join(folder, 'site')
  const expected = {
    small: printable(lengths.small),
    medium: printable(lengths.medium),
    large: printable(lengths.large),
    upload: new TextEncoder().encode(uploadAnswer),
    echo: printable(lengths.echo),
  }
  const upload = printable(lengths.medium)
  const file = (name: string): string => join(site, `${name}.txt`)
  for (const [name, bytes] of Object.entries({ ...expected, sent: upload })) await Bun.write(file(name), bytes)
  await using stack = new AsyncDisposableStack()
  stack.use(await startNginx({ folder, http: configuration(folder, port), port, prefix }))
  const echo = stack.use(
    startProgram([...prefix, process.execPath, new URL('echo-server.ts', import.meta.url).pathname]),
  )
  const [, echoPort] = await echo.waitFor(/^port (\d+)$/m)
  const programs = stack.move()
  return {
    port,
    echoPort: Number(echoPort),
    expected,
    expectedFiles: {
      small: file('small'),
      medium: file('medium'),
      large: file('large'),
      upload: file('upload'),
      echo: file('echo'),
    },
    upload,
    uploadFile: file('sent'),
    uploadLog: join(folder, 'upload.log'),
    [Symbol.asyncDispose]: () => programs.disposeAsync(),
  }
}

/** Text without a period, so that a lost, doubled or moved piece shows. */
function printable(length: number): Uint8Array {
  let state = 12_345
  return Uint8Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return 33 + ((state >>> 16) % 90)
  })
}

/** `/upload` reads the whole body before it answers, which a bare `return` would not: it passes it on to itself. */
function configuration(folder: string, port: number): string {
  const readsBody = `client_body_buffer_size 128k;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://self/sink;`
  return `  log_format body escape=none $request_body;
  keepalive_requests 10000000;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  upstream self { server 127.0.0.1:${port}; keepalive 512; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/site;
    location /files/ { alias ${folder}/site/; }
    location = /upload {
      ${readsBody}
    }
    location = /upload-check {
      access_log ${folder}/upload.log body;
      ${readsBody}
    }
    location = /sink { return 200 "taken\\n"; }
  }`
}
