import { hint } from '../config/nearest.ts'

/** `app@file` → `file`; '' for a name without provider. */
export function providerOf(qualifiedName: string): string {
  const at = qualifiedName.lastIndexOf('@')
  return at < 0 ? '' : qualifiedName.slice(at + 1)
}

/** A name as written inside the element `owner`: one without provider belongs to the owner's. */
export function qualify(reference: string, owner: string): string {
  if (reference.includes('@')) return reference
  const provider = providerOf(owner)
  return provider === '' ? reference : `${reference}@${provider}`
}

/** For a reference to something that no provider has given; `known` holds what there is. */
export function missing(noun: string, name: string, known: ReadonlyMap<string, unknown>): Error {
  const suffix = `@${providerOf(name)}`
  const siblings = [...known.keys()]
    .filter((each) => each.endsWith(suffix))
    .map((each) => each.slice(0, -suffix.length))
  return new Error(`the ${noun} "${name}" does not exist${hint(name.slice(0, -suffix.length), siblings)}`)
}
