import { boolean, object, withDefault } from '../config/schema.ts'
import { ProxyError } from '../errors.ts'
import { reply } from '../http/reply.ts'
import { denyEncodedCharacters } from '../http/target.ts'
import { defineMiddleware } from './define.ts'

const denied = withDefault(boolean, false)

/** The other way round than the entry point's option of the same name: what is not written is denied. */
const options = object({
  allowEncodedSlash: denied,
  allowEncodedBackSlash: denied,
  allowEncodedNullCharacter: denied,
  allowEncodedSemicolon: denied,
  allowEncodedPercent: denied,
  allowEncodedQuestionMark: denied,
  allowEncodedHash: denied,
})

export const encodedCharacters = defineMiddleware({
  name: 'encodedCharacters',
  summary: 'Refuses paths with certain percent-encoded characters, such as an encoded slash.',
  options,
  build: (allowed) => {
    const denies = denyEncodedCharacters(allowed)
    return (next) => (request) => {
      if (!denies(request.path)) return next(request)
      request.exchange.failure = new ProxyError(
        'client.malformed',
        'an encoded character that encodedCharacters denies',
      )
      return Promise.resolve(reply(400, ''))
    }
  },
})
