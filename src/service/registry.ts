import { loadBalancer } from './load-balancer.ts'

/** Every kind of service: one file and one line each. */
export const services = [loadBalancer] as const

/** Traefik's kinds that are not built yet: known, so that they are told apart from typing mistakes. */
export const unbuiltServices = ['weighted', 'mirroring', 'failover', 'highestRandomWeight'] as const
