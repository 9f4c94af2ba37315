import type { PasswordCheck } from './password-hash.ts'

/** How many good logins are remembered. */
const mostRemembered = 1000

export interface Credentials {
  /** One char per byte. */
  readonly user: string
  readonly password: Uint8Array
}

interface RunningCheck {
  readonly result: Promise<boolean>
  /** Of each client that waits for it: whether it still does. */
  readonly waiting: (() => boolean)[]
}

/**
 * Who may log in. A login that was right is remembered, so that a browser, which sends its password with every request,
 * pays for the hash once. What is kept is a digest under a key that only this object has: no password, and nothing
 * from which one could be guessed elsewhere.
 */
export class Logins {
  readonly #checks: ReadonlyMap<string, PasswordCheck>
  readonly #decoys: readonly PasswordCheck[]
  readonly #key = crypto.getRandomValues(new Uint8Array(32))
  /** User by digest, the longest unused first. */
  readonly #remembered = new Map<string, string>()
  /** Checks that are running, by digest: the same login many times at once is one check. */
  readonly #running = new Map<string, RunningCheck>()

  /** `checks` by user name, one char per byte. */
  constructor(checks: ReadonlyMap<string, PasswordCheck>) {
    this.#checks = checks
    this.#decoys = [...checks.values()]
  }

  /** The name of a login, as it came over the wire, for the other methods. */
  digest(credentials: string): string {
    return new Bun.CryptoHasher('sha256', this.#key).update(credentials).digest('base64')
  }

  /** The user of a login that was right before. */
  recall(digest: string): string | undefined {
    const user = this.#remembered.get(digest)
    if (user !== undefined) this.#remember(digest, user)
    return user
  }

  /** Never rejects. `isWanted` turns false when the client has gone: costly checks must not pile up for nobody. */
  check(digest: string, credentials: Credentials, isWanted: () => boolean): Promise<boolean> {
    const running = this.#running.get(digest)
    if (running !== undefined) {
      running.waiting.push(isWanted)
      return running.result
    }
    const waiting = [isWanted]
    const result = this.#check(credentials, () => waiting.some((waits) => waits())).then(
      (isRight) => {
        if (isRight) this.#remember(digest, credentials.user)
        return isRight
      },
      () => false,
    )
    this.#running.set(digest, { result, waiting })
    void result.then(() => this.#running.delete(digest))
    return result
  }

  /** A user that does not exist costs what one that exists does: else the time would tell who is a user. */
  async #check({ user, password }: Credentials, isWanted: () => boolean): Promise<boolean> {
    const check = this.#checks.get(user)
    if (check !== undefined) return check(password, isWanted)
    await this.#decoy(user)?.(password, isWanted)
    return false
  }

  /** Each stranger is always held against the same user's hash, as if it were his own. */
  #decoy(user: string): PasswordCheck | undefined {
    const number = Buffer.from(this.digest(user), 'base64').readUInt32BE()
    return this.#decoys[number % this.#decoys.length]
  }

  #remember(digest: string, user: string): void {
    this.#remembered.delete(digest)
    this.#remembered.set(digest, user)
    if (this.#remembered.size <= mostRemembered) return
    const [oldest] = this.#remembered.keys()
    this.#remembered.delete(oldest!)
  }
}
