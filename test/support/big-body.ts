export const megabyte = 1024 * 1024

/** Of a body that must pass in constant memory. scripts/big-bodies asks for the 2 GiB that the product promises. */
export const bigBodyBytes = Number(process.env['BIG_BODY_MIB'] ?? 160) * megabyte
/** Sockets of both connections may hold some megabytes each; nobody in between may hold more. */
export const mostInFlightBytes = 48 * megabyte
/** What the proxy's memory may grow by meanwhile. */
export const mostGrowthBytes = 64 * megabyte
export const bigBodyDeadlineMs = 15_000 * Math.max(1, bigBodyBytes / (512 * megabyte))
