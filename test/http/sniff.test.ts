import { describe, expect, test } from 'bun:test'
import { sniffContentType } from '../../src/http/sniff.ts'

const html = 'text/html; charset=utf-8'
const plain = 'text/plain; charset=utf-8'
const binary = 'application/octet-stream'

/** One char per byte. */
const rows: [string, string][] = [
  ['', plain],
  ['\x01\x02\x03', binary],
  ['<HtMl><bOdY>blah blah blah</body></html>', html],
  ['<HTML></HTML>', html],
  ['   <!DOCTYPE HTML>...', html],
  ['\r\n<html>...', html],
  ['<a href=x>', html],
  ['<p>', html],
  ['<!-- x', html],
  ['<!--x', plain],
  ['<htmlx>', plain],
  ['<html', plain],
  ['<b\t>', plain],
  ['This is not HTML. It has \xe2\x98\x83 though.', plain],
  ['\n<?xml!', 'text/xml; charset=utf-8'],
  ['<?XML', plain],
  ['%PDF-1.7', 'application/pdf'],
  [' %PDF-1.7', plain],
  ['%!PS-Adobe-3.0', 'application/postscript'],
  ['\xfe\xff\x00a', 'text/plain; charset=utf-16be'],
  ['\xff\xfea\x00', 'text/plain; charset=utf-16le'],
  ['\xff\xfea', plain],
  ['\xef\xbb\xbfx', plain],
  ['\x00\x00\x01\x00', 'image/x-icon'],
  ['\x00\x00\x02\x00', 'image/x-icon'],
  ['BM...', 'image/bmp'],
  ['GIF87a', 'image/gif'],
  ['GIF89a...', 'image/gif'],
  ['RIFF\x00\x00\x00\x00WEBPVP', 'image/webp'],
  ['\x89PNG\x0d\x0a\x1a\x0a', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['MThd\x00\x00\x00\x06\x00\x01', 'audio/midi'],
  ['ID3\x03\x00\x00\x00\x00\x0f', 'audio/mpeg'],
  ['RIFFb\xb8\x00\x00WAVEfmt \x12\x00\x00\x00\x06', 'audio/wave'],
  ['FORM\x00\x00\x00\x00AIFFCOMM\x00', 'audio/aiff'],
  ['OggS\x00\x02\x00', 'application/ogg'],
  ['oggS\x00', binary],
  ['\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom<\x06t\xbfmdat', 'video/mp4'],
  ['\x00\x00\x00\x18ftypisom\x00\x00\x00\x00iso2mp41', 'video/mp4'],
  ['\x00\x00\x00\x10ftypisommp42', binary],
  ['\x00\x00\x00\x19ftypmp42\x00\x00\x00\x00mp42isom<', binary],
  ['\x00\x00\x00\xffftypmp42\x00\x00\x00\x00', binary],
  ['RIFF,O\n\x00AVI LIST\xc0', 'video/avi'],
  ['\x1a\x45\xdf\xa3', 'video/webm'],
  [`${'\x00'.repeat(34)}LP`, 'application/vnd.ms-fontobject'],
  ['\x00\x01\x00\x00\x00\x17\x01', 'font/ttf'],
  ['OTTO\x00', 'font/otf'],
  ['ttcf\x00', 'font/collection'],
  ['wOFF\x00\x01', 'font/woff'],
  ['wOF2\x00\x01', 'font/woff2'],
  ['\x1f\x8b\x08', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['Rar!\x1a\x07\x00', 'application/x-rar-compressed'],
  ['Rar!\x1a\x07\x01\x00', 'application/x-rar-compressed'],
  ['Rar \x1a\x07\x00', binary],
  ['\x00asm\x01\x00', 'application/wasm'],
  ['text\x1bwith an escape', plain],
  ['text\x0cwith\x0bone', binary],
]

describe('the sniffed content type', () => {
  test.each(rows)('of %j is %s', (body, type) => {
    expect(sniffContentType(Buffer.from(body, 'latin1'))).toBe(type)
  })

  test('is that of the first 512 bytes', () => {
    expect(sniffContentType(Buffer.from(`${'a'.repeat(512)}\x00`))).toBe(plain)
    expect(sniffContentType(Buffer.from(`${'a'.repeat(511)}\x00`))).toBe(binary)
  })

  test('is that of a view within a buffer', () => {
    expect(sniffContentType(Buffer.from('xx%PDF-').subarray(2))).toBe('application/pdf')
  })
})
