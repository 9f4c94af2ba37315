import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DynamicConfiguration } from '../config/dynamic.ts'
import type { ConfigNode } from '../config/node.ts'

// Every one of them takes a path or PEM text itself.
const keysOfFiles = new Set(['certfile', 'keyfile', 'cafiles', 'rootcas'])

/** Certificates and keys that the configuration names by path: they change without a change of the configuration. */
export function namedFiles(configuration: DynamicConfiguration): string[] {
  const files = new Set<string>()
  const { tlsCertificates, tlsOptions, tlsStores, httpServersTransports, tcpServersTransports } = configuration
  const sections = [tlsCertificates, tlsOptions, tlsStores, httpServersTransports, tcpServersTransports]
  for (const elements of sections) for (const { node } of elements.values()) gather(node, false, files)
  return [...files].toSorted()
}

function gather(node: ConfigNode, isFile: boolean, files: Set<string>): void {
  if (node.kind === 'list') {
    for (const item of node.items) gather(item, isFile, files)
  } else if (node.kind === 'map') {
    for (const [key, entry] of node.entries) gather(entry.node, keysOfFiles.has(key.toLowerCase()), files)
  } else if (isFile && node.text !== '' && !node.text.includes('\n')) {
    files.add(node.text)
  }
}

/** The same as long as the file's content is; one for all files that can't be read. */
export async function contentDigest(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  } catch {
    return 'unreadable'
  }
}
