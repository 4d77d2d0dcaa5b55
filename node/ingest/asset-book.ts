import type { AssetProof } from '#proof/asset'
import { BatchError } from './errors.ts'
import type { TapeStore } from './store.ts'
import { Tape } from './tape.ts'

/** The tapes an organisation holds. An asset's terms are not on the ledger: they are shown to their holder alone. */
export interface AssetBook {
  /** Undefined when the participant holds no such tape, or the tape no such asset; version: the latest by default. */
  prove(asked: {
    readonly participant: string
    readonly deal: string
    readonly asset: string
    readonly version?: number
  }): Promise<AssetProof | undefined>
}

/** The tapes of one organisation. @throws BatchError TREE_DIFFERS when rows and tree have been changed by hand */
export const assetBookOf = (participant: string, store: TapeStore, folder: string): AssetBook => ({
  async prove({ participant: asking, deal, asset, version }) {
    if (asking !== participant) return undefined
    try {
      return await Tape.prove(store, folder, deal, asset, version)
    } catch (error) {
      if (error instanceof BatchError && (error.code === 'NO_TAPE' || error.code === 'UNKNOWN_ASSET')) return undefined
      throw error
    }
  },
})
