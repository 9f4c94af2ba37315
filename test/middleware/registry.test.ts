import { describe, expect, test } from 'bun:test'
import { middlewares, missingMiddlewares } from '../../src/middleware/registry.ts'

describe('the middleware registry', () => {
  test('names each kind once, as built or as missing', () => {
    const names = [...middlewares.map(({ name }) => name), ...missingMiddlewares].map((name) => name.toLowerCase())
    expect(new Set(names).size).toBe(names.length)
  })
})
