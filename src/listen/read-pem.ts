/**
 * Traefik's `certFile`, `keyFile` and `caFiles` hold a path or the PEM text itself. Rejects with an Error whose message
 * names the file but never shows a key.
 */
export async function readPem(pathOrText: string): Promise<string> {
  if (pathOrText.includes('-----BEGIN')) return pathOrText
  try {
    return await Bun.file(pathOrText).text()
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    const reason = code === 'ENOENT' ? 'no such file, and not PEM text' : `can't read the file (${code})`
    throw new Error(`${reason}: ${JSON.stringify(pathOrText)}`, { cause: thrown })
  }
}
