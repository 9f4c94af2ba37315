/** Asks again and again until the answer is yes; fails at the deadline. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, deadlineMs = 5000) {
  const deadline = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await Bun.sleep(5)
  }
}

/** Resolves when a number has stopped changing for a while. */
export async function settled(read: () => number): Promise<void> {
  let last = NaN
  for (let quiet = 0; quiet < 5; quiet++) {
    await Bun.sleep(20)
    if (read() !== last) quiet = 0
    last = read()
  }
}
