import { join } from 'node:path'
import { startProgram } from './process.ts'
import { dynamicText, type Way } from './proxy.ts'
import { parseReadyLine } from './sluice.ts'
import { temporaryFolder } from './temporary.ts'

export interface ProxyProcess extends AsyncDisposable {
  readonly pid: number
  readonly port: number
}

/** A proxy in a process of its own, whose memory is then its own too. */
export async function startProxyProcess(way: Way, server: string): Promise<ProxyProcess> {
  const folder = await temporaryFolder()
  const dynamicFile = await folder.write('dynamic.yaml', dynamicText({ servers: [server] }))
  const flags = ['entryPoints.web.address=127.0.0.1:0', `providers.file.filename=${dynamicFile}`]
  if (way === 'socket') flags.push('experimental.fastProxy=true')
  const main = join(import.meta.dir, '../../src/main.ts')
  const program = startProgram([process.execPath, main, ...flags.map((flag) => `--${flag}`)])
  const ready = await program.waitFor(/^sluice ready:(.*)$/m)
  return {
    pid: program.pid,
    port: parseReadyLine(ready[1]!)['web']!,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
