import { ProxyError } from '../errors.ts'

/** The server has refused the request before it did anything with it (RFC 9113 §8.7): it may go to another connection. */
export class Unprocessed extends ProxyError {}

/** The connection has ended, after it had carried answers, before this request had one: the server may have seen it. */
export class ConnectionLost extends ProxyError {}
