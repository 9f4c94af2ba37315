import { describe, expect, test } from 'bun:test'
import { Logins } from '../../src/middleware/logins.ts'
import type { PasswordCheck } from '../../src/middleware/password-hash.ts'

const stays = () => true

/** Users whose passwords are their names, and how often each one's hash was worked out. */
function counted(...names: string[]) {
  const counts: Record<string, number> = {}
  const check = (name: string): PasswordCheck => {
    return (password) => {
      counts[name] = (counts[name] ?? 0) + 1
      return Promise.resolve(Buffer.from(password).toString() === name)
    }
  }
  const logins = new Logins(new Map(names.map((name) => [name, check(name)])))
  const logIn = (user: string, password: string) => {
    const digest = logins.digest(`${user}:${password}`)
    return logins.recall(digest) === user || logins.check(digest, { user, password: Buffer.from(password) }, stays)
  }
  return { logins, logIn, counts }
}

describe('logins', () => {
  test('work out the hash of a good login once', async () => {
    const { logIn, counts } = counted('ada')
    expect([await logIn('ada', 'ada'), await logIn('ada', 'ada'), await logIn('ada', 'ada')]).toEqual([
      true,
      true,
      true,
    ])
    expect(counts).toEqual({ ada: 1 })
  })

  test('work out the hash of a wrong password each time', async () => {
    const { logIn, counts } = counted('ada')
    expect([await logIn('ada', 'x'), await logIn('ada', 'x')]).toEqual([false, false])
    expect(counts).toEqual({ ada: 2 })
  })

  test('work out the hash once for the same login many times at once', async () => {
    const { logIn, counts } = counted('ada')
    expect(await Promise.all(['ada', 'ada', 'ada'].map((password) => logIn('ada', password)))).toEqual([
      true,
      true,
      true,
    ])
    expect(counts).toEqual({ ada: 1 })
  })

  test('do the same work for a user that does not exist, who never gets in', async () => {
    const { logIn, counts } = counted('ada')
    expect(await logIn('eve', 'ada')).toBe(false)
    expect(await logIn('eve', 'eve')).toBe(false)
    expect(counts).toEqual({ ada: 2 })
  })

  test('hold a stranger against the same hash each time, and strangers against different ones', async () => {
    const names = ['ada', 'bob', 'cyd', 'dan']
    const { logIn, counts } = counted(...names)
    for (let attempt = 0; attempt < 5; attempt++) await logIn('eve', `guess ${attempt}`)
    expect(Object.values(counts)).toEqual([5])
    for (let stranger = 0; stranger < 100; stranger++) await logIn(`stranger ${stranger}`, 'x')
    expect(Object.keys(counts).sort()).toEqual(names)
  })

  test('remember a bounded number, the latest used', async () => {
    const { logins, logIn } = counted(...Array.from({ length: 1001 }, (_, at) => `user${at}`))
    const digest = (user: string) => logins.digest(`${user}:${user}`)
    for (let at = 0; at < 1000; at++) await logIn(`user${at}`, `user${at}`)
    await logIn('user0', 'user0')
    await logIn('user1000', 'user1000')
    expect(logins.recall(digest('user0'))).toBe('user0')
    expect(logins.recall(digest('user1'))).toBeUndefined()
    expect(logins.recall(digest('user1000'))).toBe('user1000')
  })

  test('have digests of their own, from which nothing can be told elsewhere', () => {
    const [one, other] = [counted('ada').logins, counted('ada').logins]
    expect(one.digest('ada:ada')).not.toBe(other.digest('ada:ada'))
  })

  test('take a check that fails for a wrong password', async () => {
    const logins = new Logins(new Map([['ada', () => Promise.reject(new Error('broken'))]]))
    expect(await logins.check(logins.digest('ada:ada'), { user: 'ada', password: Buffer.from('ada') }, stays)).toBe(
      false,
    )
  })

  test('tell a check that waits for its turn whether anybody still waits for it', async () => {
    const turn = Promise.withResolvers<void>()
    const wanted: boolean[] = []
    const check: PasswordCheck = async (_, isWanted) => {
      await turn.promise
      return wanted.push(isWanted?.() ?? true) > 0
    }
    const logins = new Logins(new Map([['ada', check]]))
    const logIn = (password: string, isWanted: () => boolean) =>
      logins.check(logins.digest(password), { user: 'ada', password: Buffer.from(password) }, isWanted)
    const gone = () => false
    const logIns = [logIn('one', gone), logIn('two', gone), logIn('two', stays), logIn('three', stays)]
    turn.resolve()
    await Promise.all(logIns)
    expect(wanted).toEqual([false, true, true])
  })
})
