/** What a PostgreSQL client sends before its ClientHello: length 8, request code 80877103. */
export const postgresSslRequest: Uint8Array = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f)

/** The server's one-byte answer for "go on with TLS". */
export const postgresAccept: Uint8Array = Uint8Array.of(0x53)
