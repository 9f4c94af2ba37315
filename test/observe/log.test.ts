import { describe, expect, test } from 'bun:test'
import { createLog, escapeControls, type LogOptions, silentLog } from '../../src/observe/log.ts'

const timed = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/

function logging(options: Partial<LogOptions> = {}) {
  const entries: string[] = []
  const write = (entry: string) => void entries.push(entry)
  const log = createLog({ level: 'DEBUG', format: 'common', noColor: true, write, ...options })
  return { log, entries, untimed: () => entries.map((entry) => entry.replace(timed, 'T')) }
}

describe('the common format', () => {
  test('is time, level, message and fields on one line', () => {
    const { log, entries } = logging()
    log.warn('upstream refused', { router: 'web@file', status: 502, retried: false, none: undefined })
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WRN upstream refused router=web@file status=502 retried=false\n$/,
    )
  })

  test.each([
    ['debug', 'DBG'],
    ['info', 'INF'],
    ['warn', 'WRN'],
    ['error', 'ERR'],
  ] as const)('writes %s as %s', (level, label) => {
    const { log, untimed } = logging()
    log[level]('text')
    expect(untimed()).toEqual([`T ${label} text\n`])
  })

  test.each([
    ['a space', 'a b', '"a b"'],
    ['nothing', '', '""'],
    ['an equals sign', 'a=b', '"a=b"'],
    ['a quote', 'a"b', '"a\\"b"'],
    ['a backslash', 'a\\b', '"a\\\\b"'],
    ['a line feed', 'a\nERR forged', '"a\\nERR forged"'],
    ['an escape', 'a\x1b[2J', 'a\\x1b[2J'],
    ['an eight-bit escape', 'a\x9b2J', 'a\\x9b2J'],
    ['a line separator', 'a\u2028b', '"a\\u2028b"'],
    ['a turned reading direction', 'a\u202eb', 'a\\u202eb'],
    ['letters of the world', 'größe→日本', 'größe→日本'],
  ])('makes a field value with %s safe', (_, value, written) => {
    const { log, untimed } = logging()
    log.info('text', { value })
    expect(untimed()).toEqual([`T INF text value=${written}\n`])
  })

  test('escapes control characters in the message', () => {
    const { log, untimed } = logging()
    log.info('one\r\ntwo\0')
    expect(untimed()).toEqual(['T INF one\\x0d\\x0atwo\\x00\n'])
  })

  test('is coloured when asked for', () => {
    const { log, entries } = logging({ noColor: false })
    log.error('text', { name: 'value' })
    expect(entries[0]).toMatch(/^\x1b\[90m[^\x1b]+\x1b\[0m \x1b\[31mERR\x1b\[0m text \x1b\[36mname=\x1b\[0mvalue\n$/)
  })
})

describe('the json format', () => {
  test('is one object on one line', () => {
    const { log, entries } = logging({ format: 'json' })
    log.warn('upstream refused\nforged', { router: 'web@file', status: 502, none: undefined, text: '\x9b\u2028' })
    const [entry = ''] = entries
    expect(entry.indexOf('\n')).toBe(entry.length - 1)
    expect(entry).toContain('"text":"\\u009b\\u2028"')
    const { time, ...rest } = JSON.parse(entry)
    expect(time).toMatch(timed)
    expect(rest).toEqual({
      level: 'warn',
      message: 'upstream refused\nforged',
      router: 'web@file',
      status: 502,
      text: '\x9b\u2028',
    })
  })

  test('does not let a field take the place of the level', () => {
    const { log, entries } = logging({ format: 'json' })
    log.info('text', { level: 'error', message: 'other' })
    expect(JSON.parse(entries[0] ?? '')).toMatchObject({ level: 'info', message: 'text' })
  })
})

describe('a log', () => {
  test.each([
    ['DEBUG', ['DBG', 'INF', 'WRN', 'ERR']],
    ['INFO', ['INF', 'WRN', 'ERR']],
    ['WARN', ['WRN', 'ERR']],
    ['ERROR', ['ERR']],
    ['FATAL', []],
  ] as const)('of level %s keeps %j', (level, kept) => {
    const { log, untimed } = logging({ level })
    log.debug('text')
    log.info('text')
    log.warn('text')
    log.error('text')
    expect(untimed().map((entry) => entry.slice(2, 5))).toEqual([...kept])
  })

  test('with fields adds them to every entry, an own field of the same name winning', () => {
    const { log, untimed } = logging()
    const router = log.with({ router: 'a', provider: 'file' })
    router.info('one')
    router.with({ router: 'b' }).info('two', { provider: 'http' })
    log.info('three')
    expect(untimed()).toEqual([
      'T INF one router=a provider=file\n',
      'T INF two router=b provider=http\n',
      'T INF three\n',
    ])
  })

  test('that is silent keeps nothing', () => {
    expect(() => silentLog.error('text')).not.toThrow()
  })

  test('leaves printable text as it is', () => {
    const text = 'plain "quoted" \\ größe'
    expect(escapeControls(text)).toBe(text)
  })
})
