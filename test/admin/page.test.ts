import { describe, expect, test } from 'bun:test'
import { pageOf } from '../../src/admin/page.ts'

describe('a page', () => {
  test.each([
    ['', 0, { start: 0, end: 0, next: 1 }],
    ['', 100, { start: 0, end: 100, next: 1 }],
    ['', 101, { start: 0, end: 100, next: 2 }],
    ['page=2', 101, { start: 100, end: 101, next: 1 }],
    ['page=2&per_page=3', 9, { start: 3, end: 6, next: 3 }],
    ['page=&per_page=', 3, { start: 0, end: 3, next: 1 }],
    ['per_page=1000000', 3, { start: 0, end: 3, next: 1 }],
    ['page=2', 100, { message: 'invalid request: page: 2, per_page: 100' }],
    ['page=2', 0, { message: 'invalid request: page: 2, per_page: 100' }],
    ['page=0', 9, { message: 'invalid request: page: 0' }],
    ['page=x', 9, { message: 'invalid request: page: 0' }],
    ['page=-1', 9, { message: 'invalid request: page: -1' }],
    ['per_page=1.5', 9, { message: 'invalid request: per_page: 0' }],
  ])('of ?%s in a list of %p is %p', (query, total, page) => {
    expect(pageOf(new URLSearchParams(query), total)).toEqual(page)
  })
})
