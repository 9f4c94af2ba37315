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
