/** Asks again and again until the answer is yes; fails at the deadline. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, deadlineMs = 5000) {
  const deadline = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await Bun.sleep(5)
  }
}
