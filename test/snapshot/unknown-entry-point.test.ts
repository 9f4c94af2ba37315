import { describe, expect, test } from 'bun:test'
import { unknownEntryPoint } from '../../src/snapshot/unknown-entry-point.ts'

describe('an unknown entry point', () => {
  test.each([
    ['websecur', `entryPoint "websecur" doesn't exist (expected web, websecure; did you mean "websecure"?)`],
    ['https', `entryPoint "https" doesn't exist (expected web, websecure)`],
  ])('%s is told with those that are there', (name, message) => {
    expect(unknownEntryPoint(name, ['web', 'websecure'])).toBe(message)
  })
})
