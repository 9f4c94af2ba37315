import type { Vocabulary } from '../expression/vocabulary.ts'

/** What a retry expression judges. */
export interface BufferedAttempt {
  readonly method: string
  /** From 1. */
  readonly number: number
  readonly status: number
}

/** The functions of `buffering.retryExpression`. */
export const attemptVocabulary: Vocabulary<BufferedAttempt> = {
  IsNetworkError: {
    takes: [],
    gives: 'boolean',
    bind:
      () =>
      ({ status }) =>
        status === 502 || status === 504,
  },
  Attempts: { takes: [], gives: 'integer', bind: () => (attempt) => attempt.number },
  ResponseCode: { takes: [], gives: 'integer', bind: () => (attempt) => attempt.status },
  RequestMethod: { takes: [], gives: 'text', bind: () => (attempt) => attempt.method },
}
