import { toBase64url } from './base64url.ts'
import type { JsonObject } from './json.ts'
import type { AssetReceipt, KeyReceipt } from './receipt.ts'
import { encodeNode, type SumLeaf } from './sum-tree.ts'
import type { SumProof } from './sum-proof.ts'

/**
 * The receipt of one asset, from the ledger's receipt of its batch (the key `asset-registry/batch/<deal>/<version>`)
 * and the asset's path in the batch's tree.
 * @param leaf undefined: the slot is unassigned
 * @throws RangeError when the batch's receipt proves that there is none
 */
export function assetReceipt(batch: KeyReceipt, leaf: SumLeaf | undefined, { slot, siblings }: SumProof): AssetReceipt {
  const { key, found, proof, anchor } = batch
  if (!found.present) throw new RangeError(`no batch at ${key}`)
  const nodes = siblings.map((node) => {
    const bytes = encodeNode(node)
    return bytes.every((byte) => byte === 0) ? '' : toBase64url(bytes)
  })
  const amounts = leaf && {
    content: leaf.content,
    originalFen: String(leaf.originalFen),
    currentFen: String(leaf.currentFen),
    defaultedFen: String(leaf.defaultedFen),
  }
  return {
    kind: 'asset',
    slot,
    leaf: amounts ?? null,
    siblings: nodes,
    key,
    batch: found.value as JsonObject,
    proof,
    anchor,
  }
}
