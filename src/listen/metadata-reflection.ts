/**
 * @peculiar/x509 finds its algorithms by tsyringe, which will not even load without the metadata functions that were
 * once proposed for `Reflect`. These are all that it calls; a polyfill that is there already is left alone.
 */
export function installMetadataReflection(): void {
  if ('getMetadata' in Reflect) return
  const tables = new WeakMap<object, Map<unknown, unknown>>()

  function getOwnMetadata(key: unknown, target: object): unknown {
    return tables.get(target)?.get(key)
  }

  function getMetadata(key: unknown, target: object): unknown {
    for (let owner: object | null = target; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
      const value = getOwnMetadata(key, owner)
      if (value !== undefined) return value
    }
    return undefined
  }

  function defineMetadata(key: unknown, value: unknown, target: object): void {
    const table = tables.get(target) ?? new Map<unknown, unknown>()
    tables.set(target, table.set(key, value))
  }

  Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata })
}
