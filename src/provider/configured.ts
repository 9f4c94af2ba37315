import type { StaticConfiguration } from '../config/static.ts'
import type { Provider, ProviderScope } from './define.ts'
import { providers } from './registry.ts'

const [fileProvider] = providers

/** The providers that the static configuration names, in the order in which they are merged. */
export function configuredProviders(
  { file }: Pick<StaticConfiguration['providers'], 'file'>,
  scope: ProviderScope,
): Provider[] {
  return file === undefined ? [] : [fileProvider.build(file, scope)]
}
