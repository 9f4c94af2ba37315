import { describe, expect, test } from 'bun:test'
import { invalid, Place } from '../../src/config/schema.ts'
import { ProblemCollector } from '../../src/config/problem.ts'
import { sticky, Stickiness } from '../../src/service/sticky.ts'
import { toNode } from '../support/middleware.ts'

const server = { name: 'http://10.0.0.1:8080', weight: 1, isUp: true }

function stickiness(cookie: unknown) {
  const decoded = sticky.decode(toNode({ cookie }), new Place(new ProblemCollector()))
  if (decoded === invalid || decoded.cookie === undefined) throw new Error('not valid')
  return new Stickiness(decoded.cookie, 'app@file', [server])
}

describe('a sticky cookie', () => {
  // Values made by Go with Traefik's functions: a client that comes over from Traefik stays with its server.
  test.each([
    ['now', 'cc3dd0c247d6ff41', false],
    ['as the plain URL', 'http://10.0.0.1:8080', true],
    ['hashed once', 'b0139f9bf96a2faf', true],
    ['hashed twice', '4e414402b31ab6ea', true],
  ])('of Traefik is understood: %s', (_, value, isOutdated) => {
    const cookie = ['Cookie', `a=b; lb=${value}; c=d`]
    expect(stickiness({ name: 'lb' }).find(cookie)).toEqual({ candidate: server, isOutdated })
  })

  test.each([
    ['lb="cc3dd0c247d6ff41"', true],
    ['LB=cc3dd0c247d6ff41', false],
    ['xlb=cc3dd0c247d6ff41', false],
    ['lb=', false],
    ['lb', false],
    ['', false],
  ])('is read from %j: %p', (field, isFound) => {
    expect(stickiness({ name: 'lb' }).find(['Cookie', field]) !== undefined).toBe(isFound)
  })

  test.each([
    [{}, '_fb0b0=cc3dd0c247d6ff41; Path=/'],
    [true, '_fb0b0=cc3dd0c247d6ff41; Path=/'],
    [{ name: 'a b;c' }, 'a_b_c=cc3dd0c247d6ff41; Path=/'],
    [{ name: 'n', secure: true, httpOnly: true }, 'n=cc3dd0c247d6ff41; Path=/; HttpOnly; Secure'],
    [{ name: 'n', sameSite: 'LAX' }, 'n=cc3dd0c247d6ff41; Path=/; SameSite=Lax'],
    [{ name: 'n', sameSite: 'none' }, 'n=cc3dd0c247d6ff41; Path=/; SameSite=None'],
    [{ name: 'n', sameSite: 'other' }, 'n=cc3dd0c247d6ff41; Path=/'],
    [{ name: 'n', maxAge: 60 }, 'n=cc3dd0c247d6ff41; Path=/; Max-Age=60'],
    [{ name: 'n', maxAge: -1 }, 'n=cc3dd0c247d6ff41; Path=/; Max-Age=0'],
    [{ name: 'n', path: '/a', domain: '.b.test' }, 'n=cc3dd0c247d6ff41; Path=/a; Domain=b.test'],
    [{ name: 'n', path: '/a;Secure' }, 'n=cc3dd0c247d6ff41'],
  ])('with %j is set as %s', (options, expected) => {
    expect(stickiness(options).setCookie(server)).toBe(expected)
  })
})
