import type { Candidate } from './candidate.ts'
import { caddy } from './candidate/caddy.ts'
import { haproxy } from './candidate/haproxy.ts'
import { nginx } from './candidate/nginx.ts'
import { sluiceFastProxy, sluiceFetch } from './candidate/sluice.ts'
import { traefik } from './candidate/traefik.ts'

/** In the order of every table and chart. */
export const candidates: readonly Candidate[] = [sluiceFastProxy, sluiceFetch, nginx, haproxy, caddy, traefik]
