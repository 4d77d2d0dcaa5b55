import type { AssetProof } from './asset.ts'
import type { JsonObject } from './json.ts'
import type { AssetReceipt, KeyReceipt } from './receipt.ts'
import { encodeSiblings } from './sparse-tree.ts'
import { batchKeyOf } from './verify-asset.ts'

/**
 * The receipt of one asset, from its proof in the batch and the ledger's receipt of that batch's key.
 * @throws RangeError when the receipt is not of that batch, or proves that there is none
 */
export function assetReceipt({ key, found, proof, anchor }: KeyReceipt, asset: AssetProof): AssetReceipt {
  const want = batchKeyOf(asset.deal, asset.version)
  if (key !== want || !found.present) throw new RangeError(`a receipt of ${want} with its value expected`)
  const { deal, version, slot, terms, salt, currentFen, defaultedFen, path } = asset
  return {
    kind: 'asset',
    asset: { kind: 'sluice/asset/2', deal, version, slot, terms, salt, currentFen, defaultedFen, path },
    batch: found.value as JsonObject,
    proof: encodeSiblings(proof),
    anchor,
  }
}
