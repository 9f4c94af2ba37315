import type { TcpLoadBalancer } from '../config/dynamic-tcp.ts'
import type { Connection } from '../net/connection.ts'
import { splice, type SpliceOptions } from '../upstream/splice.ts'

/** Takes a connection over (see `TcpTarget.connect`). Never throws. */
export type TcpHandler = (connection: Connection, early: Buffer, asksPostgresTls: boolean) => void

/** Servers take turns. Without any, connections are closed. */
export function tcpLoadBalancer(
  servers: TcpLoadBalancer['servers'],
  transport: Omit<SpliceOptions, 'address' | 'asksPostgresTls'>,
): TcpHandler {
  let turn = 0
  return (connection, early, asksPostgresTls) => {
    const server = servers[turn % servers.length]
    turn = (turn + 1) % Math.max(1, servers.length)
    if (server === undefined) return connection.close()
    void splice(connection, early, { ...transport, address: server.address, asksPostgresTls })
  }
}
