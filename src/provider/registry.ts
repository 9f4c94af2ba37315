import { fileProvider } from './file.ts'

/** Every provider that a static configuration can name: one file and one line each. */
export const providers = [fileProvider] as const

/** Traefik's providers that are not built yet: `not supported yet` instead of `unknown key`. */
export const unbuiltProviders = [
  'consul',
  'consulCatalog',
  'docker',
  'ecs',
  'etcd',
  'http',
  'knative',
  'kubernetesCRD',
  'kubernetesGateway',
  'kubernetesIngress',
  'kubernetesIngressNGINX',
  'nomad',
  'plugin',
  'redis',
  'rest',
  'swarm',
  'zooKeeper',
] as const
