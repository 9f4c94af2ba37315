import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { untilListening } from './ports.ts'
import { startProgram, type RunningProgram } from './process.ts'

export interface NginxOptions {
  /** For its files: configuration, logs, temporary bodies. */
  readonly folder: string
  /** Content of the `http` block. */
  readonly http: string
  /** A port that it listens on, to know when it is up. */
  readonly port: number
  /** Put before the command, `taskset -c 1`. */
  readonly prefix?: readonly string[]
}

/** nginx in the foreground with one worker and no access log unless `http` asks for one. */
export async function startNginx({ folder, http, port, prefix = [] }: NginxOptions): Promise<RunningProgram> {
  const configuration = join(folder, 'nginx.conf')
  await mkdir(join(folder, 'bodies'), { recursive: true })
  await Bun.write(configuration, nginxConfiguration(folder, http))
  const program = startProgram([...prefix, nginxCommand(), '-p', folder, '-c', configuration], { cwd: folder })
  const gone = program.exited.then((code) => {
    throw new Error(`nginx exited with ${code}:\n${program.output}`)
  })
  try {
    await Promise.race([untilListening(port), gone])
    return program
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
}

/** Debian keeps it in /usr/sbin, which is not on every path. */
export function nginxCommand(): string {
  return Bun.which('nginx') ?? '/usr/sbin/nginx'
}

function nginxConfiguration(folder: string, http: string): string {
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/bodies/client;
  proxy_temp_path ${folder}/bodies/proxy;
  fastcgi_temp_path ${folder}/bodies/fastcgi;
  uwsgi_temp_path ${folder}/bodies/uwsgi;
  scgi_temp_path ${folder}/bodies/scgi;
${http}
}
`
}
