/** The content type that the first bytes of a body tell, as Go's `http.DetectContentType` (WHATWG MIME Sniffing). */
export function sniffContentType(body: Uint8Array): string {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, sniffedBytes)).latin1Slice()
  const found = signatures.find(([signature]) => signature.test(start))
  if (found !== undefined) return found[1]
  return binaryByte.test(start) ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}

const sniffedBytes = 512
const binaryByte = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/

interface Signature {
  /** One char per byte. */
  test(start: string): boolean
}

// In Go's order. A tag counts only when a byte follows that ends its name.
const signatures: readonly (readonly [Signature, string])[] = [
  [
    /^[\t\n\f\r ]*<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--)[ >]/i,
    'text/html; charset=utf-8',
  ],
  [/^[\t\n\f\r ]*<\?xml/, 'text/xml; charset=utf-8'],
  [/^%PDF-/, 'application/pdf'],
  [/^%!PS-Adobe-/, 'application/postscript'],
  [/^\xfe\xff[^]{2}/, 'text/plain; charset=utf-16be'],
  [/^\xff\xfe[^]{2}/, 'text/plain; charset=utf-16le'],
  [/^\xef\xbb\xbf[^]/, 'text/plain; charset=utf-8'],
  [/^\x00\x00[\x01\x02]\x00/, 'image/x-icon'],
  [/^BM/, 'image/bmp'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBPVP/, 'image/webp'],
  [/^\x89PNG\r\n\x1a\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^FORM[^]{4}AIFF/, 'audio/aiff'],
  [/^ID3/, 'audio/mpeg'],
  [/^OggS\x00/, 'application/ogg'],
  [/^MThd\x00\x00\x00\x06/, 'audio/midi'],
  [/^RIFF[^]{4}AVI /, 'video/avi'],
  [/^RIFF[^]{4}WAVE/, 'audio/wave'],
  [{ test: isMp4 }, 'video/mp4'],
  [/^\x1a\x45\xdf\xa3/, 'video/webm'],
  [/^[^]{34}LP/, 'application/vnd.ms-fontobject'],
  [/^\x00\x01\x00\x00/, 'font/ttf'],
  [/^OTTO/, 'font/otf'],
  [/^ttcf/, 'font/collection'],
  [/^wOFF/, 'font/woff'],
  [/^wOF2/, 'font/woff2'],
  [/^\x1f\x8b\x08/, 'application/x-gzip'],
  [/^PK\x03\x04/, 'application/zip'],
  [/^Rar!\x1a\x07(?:\x00|\x01\x00)/, 'application/x-rar-compressed'],
  [/^\x00asm/, 'application/wasm'],
]

/** An `ftyp` box whose major or a compatible brand begins with `mp4` (MIME Sniffing §6.2.1). */
function isMp4(start: string): boolean {
  if (start.length < 12 || start.slice(4, 8) !== 'ftyp') return false
  const boxBytes = Buffer.from(start.slice(0, 4), 'latin1').readUInt32BE()
  if (start.length < boxBytes || boxBytes % 4 !== 0) return false
  for (let at = 8; at < boxBytes; at += 4) {
    // At 12 stands the version of the major brand.
    if (at !== 12 && start.startsWith('mp4', at)) return true
  }
  return false
}
