import { FileExchange } from '#node/exchange/exchange'
import { discardPulled } from '#node/exchange/pull'
import { BatchError, IngestError } from '#node/ingest/errors'
import { settleTape, type HeldTape } from '#node/ingest/settle'
import { TapeStore } from '#node/ingest/store'
import type { Batch } from '#contracts/asset-registry/state'
import { CommandFailure } from '../failure.ts'
import { toldWhy } from '../stack/refused.ts'
import { heldTape, receivedFolder } from '../stack/tapes.ts'
import { batchAt, batchesOf, keysBy } from './on-ledger.ts'
import type { Party } from './party.ts'

/** A party with its tape open, brought in line with what the ledger has decided since. */
export interface OpenTape {
  readonly party: Party
  readonly deal: string
  readonly store: TapeStore
  readonly held: HeldTape
  readonly exchange: FileExchange
  /** What this opening found decided. */
  readonly settled: readonly Batch[]
}

/** @throws CommandFailure for whatever a person can act on */
export async function withTape<T>(party: Party, deal: string, use: (tape: OpenTape) => Promise<T>): Promise<T> {
  const store = await TapeStore.open(party.place.databaseUrl)
  try {
    return await toldWhy(party.url, async () => {
      const exchange = new FileExchange(party.place.exchange, keysBy(party.client))
      const held = heldTape(party.organisation, party.place, store, exchange)
      const batches = await batchesOf(party.client, deal)
      const settled = await settleTape(held, deal, async (version) => batchAt(batches, version))
      // Also of batches that never came onto this tape: their packages hold the same.
      const decided = batches.filter(({ state }) => state !== 'proposed')
      await discardPulled(receivedFolder(party.place), decided.map(({ contentHash }) => contentHash)) // prettier-ignore
      return use({ party, deal, store, held, exchange, settled })
    })
  } catch (error) {
    if (error instanceof IngestError) throw new CommandFailure(`nothing was taken over\n${error.message}`, 1, { cause: error }) // prettier-ignore
    if (error instanceof BatchError) throw new CommandFailure(error.message, 1, { cause: error })
    throw error
  } finally {
    await store.close()
  }
}
