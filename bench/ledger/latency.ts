import type { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'

/**
 * Open loop: calls are sent at their times whether or not earlier ones are answered, and each is timed from when it
 * should have been sent, so that a stall counts against every call that it delayed.
 * @returns milliseconds, ascending
 */
export async function openLoop(
  ledger: EmbeddedLedger,
  commands: readonly Uint8Array[],
  perSecond: number,
): Promise<number[]> {
  const times: number[] = []
  const answers: Promise<void>[] = []
  const started = performance.now()
  for (let sent = 0; sent < commands.length;) {
    const due = Math.min(commands.length, Math.floor(((performance.now() - started) / 1000) * perSecond) + 1)
    for (; sent < due; sent += 1) {
      const intended = started + (sent / perSecond) * 1000
      answers.push(
        ledger.submit(commands[sent]!).then(({ outcome }) => {
          if (!outcome.accepted) throw new Error(JSON.stringify(outcome.refusal))
          times.push(performance.now() - intended)
        }),
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(answers)
  return times.sort((a, b) => a - b)
}
