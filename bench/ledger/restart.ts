import { once } from 'node:events'
import type { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { signTest, testCommand } from '#ledger-adapter/testing/fixture'
import { LedgerChild } from '#ledger-adapter/testing/ledger-child'

const LANES = 1_000
const AT_ONCE = 50_000
const LIFETIME_MS = 60_000
/** An id leaves the state an hour after its expiry. */
const PASS_MS = 2 * 60 * 60 * 1000

/**
 * Executes so many commands, signed and durable like any other: notes put and removed again, so that the state stays as
 * large as it is. The clock is put forward between them, so that spent ids leave the state as they do in the long run.
 * @returns how many were executed
 */
export async function executeNotes(
  ledger: EmbeddedLedger,
  count: number,
  { clock, pass }: { readonly clock: () => number; readonly pass: (ms: number) => void },
): Promise<number> {
  let executed = 0
  while (executed < count) {
    const pairs = Math.ceil(Math.min(AT_ONCE, count - executed) / 2)
    const from = executed
    let next = 0
    const lane = async () => {
      for (let n = next++; n < pairs; n = next++) {
        const name = `n${from + n}`
        for (const bytes of [note(ledger, clock(), 'put', name), note(ledger, clock(), 'remove', name)]) {
          const { outcome } = await ledger.submit(bytes)
          if (!outcome.accepted) throw new Error(JSON.stringify(outcome.refusal))
          executed += 1
        }
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    pass(PASS_MS)
  }
  return executed
}

function note({ chainId }: { readonly chainId: string }, issuedAt: number, method: 'put' | 'remove', name: string) {
  const args = method === 'put' ? { name, text: 'x' } : { name }
  return signTest(testCommand(chainId, `notes.${method}`, args, { issuedAt, expiresAt: issuedAt + LIFETIME_MS }))
}

/**
 * A process opens the ledger, is killed while it executes, and another takes its place.
 * @returns seconds from the start of that process to its first answer, and until its code was loaded
 */
export async function timeRestart(databaseUrl: string, chainId: string, timeMs: number) {
  const first = LedgerChild.standBy()
  await first.open(databaseUrl, {})
  const answered = new Map<string, { bytes: Uint8Array; place: string }>()
  const placed = ({ position }: { position: { height: number; index: number } }) =>
    `${position.height}/${position.index}`
  const load = Array.from({ length: 3_000 }, async (_, n) => {
    const bytes = note({ chainId }, timeMs, 'put', `k${n}`)
    const executed = await first.submit(bytes).catch(() => undefined) // it was killed before
    if (!executed) return
    answered.set(executed.commandId, { bytes, place: placed(executed) })
    if (answered.size === 1_000) void first.kill()
  })
  await Promise.all(load)
  await first.kill()

  const started = performance.now()
  const second = LedgerChild.standBy()
  try {
    await once(second.process, 'message')
    const ready = (performance.now() - started) / 1000
    await second.open(databaseUrl, {})
    await second.submit(note({ chainId }, timeMs, 'put', 'first'))
    const seconds = (performance.now() - started) / 1000
    for (const [id, { bytes, place }] of answered) {
      const again = placed(await second.submit(bytes))
      if (again !== place) throw new Error(`${id} was answered at ${place}, after the restart at ${again}`)
    }
    return { seconds, ready }
  } finally {
    await second.kill()
  }
}
