import type { ProxyError } from '../errors.ts'
import type { Body } from './body.ts'

/** What is read of an unwanted answer, so that its connection can be used again. */
const mostBytes = 64 * 1024

/**
 * Ends a body that nobody wants: a small one is read, which keeps its connection; of a larger one, or one that does not
 * tell its length, the rest is given up. Never rejects.
 */
export async function discardBody(body: Body, reason: ProxyError): Promise<void> {
  if (body.length === undefined || body.length > mostBytes) return body.cancel(reason)
  try {
    while ((await body.read()) !== undefined);
  } catch {
    // It has ended, which is all that was wanted.
  }
}
