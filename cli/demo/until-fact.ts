import type { Ledger } from '#ledger-adapter/port'

/** A step that takes longer than this has met something that a person must look at. */
const PATIENCE_MS = 60_000

/**
 * Waits until a probe of the ledger answers, asking after every commit.
 * @throws when nothing came within a minute, naming what was waited for, or when `stopped` does
 */
export async function untilFact<T>(
  ledger: Ledger,
  what: string,
  probe: () => Promise<T | undefined>,
  stopped: Promise<never>,
): Promise<T> {
  let wake = (): void => undefined
  const silence = ledger.onCommit(() => wake())
  const deadline = Date.now() + PATIENCE_MS
  try {
    for (;;) {
      const committed = new Promise<void>((resolve) => {
        wake = resolve
      })
      const found = await probe()
      if (found !== undefined) return found
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`nothing came of it within ${PATIENCE_MS / 1000} s: ${what}`)
      await Promise.race([committed, pause(Math.min(left, 1000)), stopped])
    }
  } finally {
    silence()
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref()
  })
