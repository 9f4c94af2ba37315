import type { Middleware } from '../http/message.ts'

/**
 * Puts the request on record as the entry point hands it on: its target cleaned, its forwarded headers vouched for.
 * Without this layer, behind the one that checks them, a client could choose the address that the access log shows.
 */
export const recordRequest: Middleware = (next) => (request) => {
  request.exchange.request = request
  return next(request)
}
