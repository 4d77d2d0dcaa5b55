// The house's workflows and one of a single step, to look at that step alone.
import type { Outcome } from '../activities/types.ts'
import { listenForHints, mustAccept, perform, until, type Call } from '../definitions/kit.ts'

export * from '../definitions/index.ts'

export async function performOne(call: Call): Promise<Outcome> {
  listenForHints()
  return mustAccept(await perform(call))
}

/** Performs and then waits for a hint, so that it can be ended between its command and its end. */
export async function performAndWait(call: Call): Promise<Outcome> {
  listenForHints()
  const outcome = mustAccept(await perform(call))
  let probes = 0
  await until(async () => ((probes += 1) > 1 ? true : undefined), 24 * 60 * 60 * 1000)
  return outcome
}
