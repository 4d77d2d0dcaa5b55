import type { Key } from '#contracts/kernel/state'
import type { Ledger } from '#ledger-adapter/port'

/** One committed value of the ledger; undefined when nothing stands there. */
export async function readOne<T>(ledger: Ledger, key: Key<T>): Promise<T | undefined> {
  const { values } = await ledger.query([key.path])
  return values[0] as T | undefined
}
