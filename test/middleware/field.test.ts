import { describe, expect, test } from 'bun:test'
import { fieldChanges } from '../../src/middleware/field.ts'

describe('fieldChanges', () => {
  test('replaces every repeat in any case, adds what is missing and takes away what is empty', () => {
    const change = fieldChanges([
      { name: 'X-A', value: 'new' },
      { name: 'X-B', value: '' },
      { name: 'X-C', value: 'added' },
    ])
    expect(change(['x-a', '1', 'Y', '2', 'X-A', '3', 'x-B', '4'])).toEqual(['Y', '2', 'X-A', 'new', 'X-C', 'added'])
  })

  test('gives the same list when there is nothing to change', () => {
    const headers = ['A', '1']
    expect(fieldChanges([])(headers)).toBe(headers)
  })
})
