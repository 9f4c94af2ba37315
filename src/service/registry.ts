import { failover } from './failover.ts'
import { highestRandomWeight } from './highest-random-weight.ts'
import { loadBalancer } from './load-balancer.ts'
import { mirroring } from './mirroring.ts'
import { weighted } from './weighted.ts'

/** Every kind of service: one file and one line each. */
export const services = [loadBalancer, weighted, highestRandomWeight, mirroring, failover] as const
