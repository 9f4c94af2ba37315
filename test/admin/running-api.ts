import { startApp, type RunningApp } from '../support/running-app.ts'

export interface RunningApi extends RunningApp {
  /** `http://127.0.0.1:12345/api`, at the entry point `traefik`. */
  readonly apiUrl: string
  /** The JSON at a path below `/api`. */
  json(path: string): Promise<Item>
  list(path: string): Promise<Item[]>
}

/** What a test may ask of an answer. */
export interface Item {
  readonly [key: string]: unknown
  readonly name?: string
  readonly error?: readonly string[]
  readonly startDate?: string
}

/** A proxy in this process with an insecure API. */
export async function startApi(dynamic: string, flags: readonly string[] = []): Promise<RunningApi> {
  const app = await startApp(dynamic, ['api.insecure=true', 'entryPoints.traefik.address=127.0.0.1:0', ...flags])
  const at = (entryPoint: string) => {
    const line = new RegExp(`entryPoint=${entryPoint} address=(\\S+)`)
    return `http://${line.exec(app.entries.join('\n'))?.[1]}`
  }
  const apiUrl = `${at('traefik')}/api`
  const read = async (path: string) => (await fetch(`${apiUrl}/${path}`)).json()
  return Object.assign(app, {
    url: at('web'),
    apiUrl,
    json: (path: string) => read(path) as Promise<Item>,
    list: (path: string) => read(path) as Promise<Item[]>,
  })
}
