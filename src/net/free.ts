/** Less is not worth the call: `free` leaves it to the collector. */
export const worthFreeingBytes = 16 * 1024

/**
 * Gives the memory behind `bytes` back at once; afterwards they are empty. For whoever is their only owner. Left to the
 * collector, large pieces go out of the processor's cache before their memory is used again, and each new one comes from
 * cold or even unmapped pages: that costs more than everything else that is done to them.
 */
export function free(bytes: Uint8Array): void {
  if (bytes.byteLength < worthFreeingBytes) return
  const { buffer } = bytes
  // A view that is not the end of its buffer is not alone in it.
  if (!(buffer instanceof ArrayBuffer) || bytes.byteOffset + bytes.byteLength !== buffer.byteLength) return
  buffer.transfer(0)
}
