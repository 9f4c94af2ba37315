/** The bytes whole, in every two pieces, and one by one: however TCP cuts a message, it means the same. */
export function everyCut(bytes: Buffer): Buffer[][] {
  const cuts: Buffer[][] = [[bytes]]
  for (let at = 1; at < bytes.length; at++) cuts.push([bytes.subarray(0, at), bytes.subarray(at)])
  cuts.push(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))
  return cuts
}

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
