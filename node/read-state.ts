import { KeyNotLoaded, type Key, type Read } from '#contracts/kernel/state'
import type { Ledger } from '#ledger-adapter/port'
import type { Json } from '#proof/json'

/** One committed value of the ledger; undefined when nothing stands there. */
export async function readOne<T>(ledger: Pick<Ledger, 'query'>, key: Key<T>): Promise<T | undefined> {
  const [value] = await readEach(ledger, [key])
  return value
}

/** Committed values of one height, in the order of the keys. */
export async function readEach<T>(ledger: Pick<Ledger, 'query'>, keys: readonly Key<T>[]): Promise<(T | undefined)[]> {
  const { values } = await ledger.query(keys.map(({ path }) => path))
  return values as (T | undefined)[]
}

/** More rounds mean that a pure function asks for keys without end. */
const MAX_ROUNDS = 64

/**
 * Runs a pure function of the committed state, all of it at one height: the keys it asks for are fetched together, and
 * again with the new ones whenever it asks for more (`decide` is read the same way).
 * @throws whatever `reader` throws; LedgerError of the ledger
 */
export async function readState<T>(
  ledger: Pick<Ledger, 'query'>,
  reader: (read: Read, height: number) => T,
  prefetch: readonly Key<unknown>[] = [],
): Promise<T> {
  const paths = new Set(prefetch.map(({ path }) => path))
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const keys = [...paths]
    const { height, values } = await ledger.query(keys)
    const loaded = new Map<string, Json | undefined>(keys.map((key, i) => [key, values[i]]))
    const read: Read = <V>(key: Key<V>): V | undefined => {
      if (!loaded.has(key.path)) throw new KeyNotLoaded(key.path)
      return loaded.get(key.path) as V | undefined
    }
    try {
      return reader(read, height)
    } catch (error) {
      if (!(error instanceof KeyNotLoaded)) throw error
      paths.add(error.path)
    }
  }
  throw new Error(`a reader asked for more than ${MAX_ROUNDS} keys one after another`)
}
