import { listenFault } from '../net/listen.ts'

/** Where `:8080` listens: every address, IPv4 ones as well. */
export function listenHostname({ host }: { readonly host: string }): string {
  return host === '' ? '::' : host
}

/** `127.0.0.1:8080`, `[::1]:8080` */
export function listenText({ hostname, port }: { readonly hostname: string; readonly port: number }): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`
}

/** What to tell when an entry point can't be opened. */
export function listenProblem(
  name: string,
  place: { readonly hostname: string; readonly port: number },
  thrown: unknown,
): string {
  return `entry point ${name} can't listen on ${listenText(place)}: ${listenFault(thrown)}`
}
