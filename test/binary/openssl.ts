import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface OpensslOptions {
  /** Of `s_client`. */
  readonly options?: readonly string[]
  /** Sent through the connection. */
  readonly input?: string
  /** Ends as soon as this is in the output; else when the server closes, or at the deadline. */
  readonly until?: RegExp
}

/** One connection of `openssl s_client`: all that it says, and its exit code (undefined when it was ended by us). */
export async function openssl(
  port: number,
  { options = [], input = '', until }: OpensslOptions,
): Promise<{ readonly output: string; readonly code: number | undefined }> {
  const command = ['s_client', '-connect', `127.0.0.1:${port}`, ...options]
  const client = spawn('openssl', command, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 5000 })
  let output = ''
  const take = (text: Buffer) => {
    output += text.toString('latin1')
    if (until?.test(output) === true) client.kill()
  }
  client.stdout.on('data', take)
  client.stderr.on('data', take)
  client.stdin.on('error', () => {})
  client.stdin.write(input)
  await once(client, 'close')
  return { output, code: client.exitCode ?? undefined }
}
