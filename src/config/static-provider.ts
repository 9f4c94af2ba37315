import { fileProvider } from '../provider/file.ts'
import {
  allowEmpty,
  list,
  notYet,
  object,
  oneOfIgnoringCase,
  optional,
  removed,
  timeout,
  withDefault,
} from './schema.ts'

const precedence = [
  'kubernetesgateway',
  'kubernetescrd',
  'kubernetes',
  'kubernetesingressnginx',
  'swarm',
  'docker',
  'file',
  'redis',
  'knative',
  'consul',
  'consulcatalog',
  'nomad',
  'etcd',
  'ecs',
  'http',
  'zookeeper',
  'rest',
] as const

// `docker: false` is no provider at all, so the shape matters although the keys do not.
const otherProvider = notYet(allowEmpty(object({})))

/** `providers` (Traefik §1.5). */
export const providers = object({
  providersThrottleDuration: withDefault(timeout, 2000),
  /** Best first: breaks ties between routers of equal priority. */
  precedence: withDefault(list(oneOfIgnoringCase(...precedence)), precedence),
  file: optional(fileProvider.options),
  http: otherProvider,
  rest: otherProvider,
  docker: otherProvider,
  swarm: otherProvider,
  consulCatalog: otherProvider,
  nomad: otherProvider,
  ecs: otherProvider,
  consul: otherProvider,
  etcd: otherProvider,
  zookeeper: otherProvider,
  redis: otherProvider,
  kubernetesCRD: otherProvider,
  kubernetesIngress: otherProvider,
  kubernetesIngressNGINX: otherProvider,
  kubernetesGateway: otherProvider,
  knative: otherProvider,
  plugin: notYet(),
  marathon: removed('the provider is gone; use another one'),
  rancher: removed('the provider is gone; use another one'),
})
