import type { DocumentText, ParsedDocument } from './document.ts'
import { type FlatDocument, unflattenDocument } from './flat-document.ts'
import { inSlices } from './steps.ts'

/**
 * Parses in a thread of its own, which ends with the work and gives its memory back, so that requests are served
 * meanwhile. Rejects when there is no thread to be had.
 */
export async function parseApart(document: DocumentText): Promise<ParsedDocument> {
  // The build makes it an entry point of the executable.
  const worker = new Worker(new URL('./document-worker.ts', import.meta.url))
  try {
    return await inSlices(unflattenDocument(document.file, await ask(worker, document)))
  } finally {
    worker.terminate()
  }
}

function ask(worker: Worker, document: DocumentText): Promise<FlatDocument> {
  const { promise, resolve, reject } = Promise.withResolvers<FlatDocument>()
  worker.addEventListener('message', ({ data }: MessageEvent<FlatDocument>) => resolve(data))
  worker.addEventListener('error', ({ message }) => reject(new Error(message)))
  worker.addEventListener('close', () => reject(new Error('the thread has ended')))
  worker.postMessage(document)
  return promise
}
