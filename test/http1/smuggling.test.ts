import { describe, expect, test } from 'bun:test'
import { everyCut, latin1 } from './every-cut.ts'
import { readRequests } from './read-requests.ts'
import { shapes } from './smuggling-shapes.ts'

describe('a message that others have read in two ways', () => {
  test.each(shapes.map((shape) => [shape.name, shape] as const))('has one reading: %s', (_, { bytes, seen }) => {
    for (const pieces of everyCut(latin1(bytes))) expect(readRequests(pieces)).toEqual([...seen])
  })
})
