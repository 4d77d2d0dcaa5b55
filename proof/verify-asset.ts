import { AssetProofError, verifyAssetProof } from './asset.ts'
import { canonicalJson } from './canonical.ts'
import { isObject } from './form.ts'
import { hashJson, hexToBytes, sha256Bytes, utf8ToBytes } from './hash.ts'
import type { Anchored, AssetReceipt, RefusedReceipt } from './receipt.ts'
import { decodeSiblings, rootFromStateProof } from './sparse-tree.ts'
import { SumTreeError } from './sum-tree.ts'

/** Where batches stand. The key follows from the asset: any other contract's may hold what looks like a batch. */
export const batchKeyOf = (deal: string, version: number): string => `asset-registry/batch/${deal}/${version}`

const no = (reason: RefusedReceipt['reason'], field?: string): RefusedReceipt => ({
  ok: false,
  reason,
  ...(field === undefined ? {} : { field }),
})

/**
 * Asset → batch root, with every sum on the way; batch → state; and that the batch is effective. Of a batch that its
 * custodian has not attested, or has turned down, only the servicer says what it holds: nothing is proven by it.
 */
export function verifyAsset(
  { asset, batch, proof }: AssetReceipt,
  { stateRoot }: Anchored,
): RefusedReceipt | undefined {
  const isFirstForm = asset.kind === 'sluice/asset/1'
  const inState = typeof proof === 'string' ? decodeSiblings(proof) : proof
  if (!inState || isFirstForm !== (typeof proof !== 'string')) return no('BAD_FORM', '/proof')
  const keyHash = sha256Bytes(utf8ToBytes(batchKeyOf(asset.deal, asset.version)))
  if (rootFromStateProof(keyHash, hexToBytes(hashJson(batch)), inState) !== stateRoot)
    return no('NOT_IN_STATE', '/batch')
  const { root } = batch
  if (!isObject(root)) return no('NOT_IN_BATCH', '/batch/root')
  if (asset.kind === 'sluice/asset/1' && canonicalJson(root) !== canonicalJson(asset.root))
    return no('NOT_IN_BATCH', '/asset/root')
  try {
    verifyAssetProof({ ...asset, kind: 'sluice/asset/1', root })
    return standing(batch['state'])
  } catch (error) {
    if (error instanceof AssetProofError) return no('NOT_IN_BATCH', `/asset/${error.problem}`)
    if (error instanceof SumTreeError) return no('NOT_IN_BATCH', error.code)
    throw error
  }
}

/** `contracts/asset-registry/state.ts` has the states; what is effective or rejected stays so. */
function standing(state: unknown): RefusedReceipt | undefined {
  if (state === 'effective') return undefined
  if (state === 'proposed') return no('BATCH_PROPOSED', '/batch/state')
  if (state === 'rejected') return no('BATCH_REJECTED', '/batch/state')
  return no('BAD_FORM', '/batch/state')
}
