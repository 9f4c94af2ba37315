/** The thread of `parseApart`. */
import { parseComplete } from './complete-document.ts'
import type { DocumentText } from './document.ts'
import { flattenDocument } from './flat-document.ts'

declare const self: Worker

self.addEventListener('message', ({ data }: MessageEvent<DocumentText>) => {
  const flat = flattenDocument(parseComplete(data))
  self.postMessage(flat)
})
