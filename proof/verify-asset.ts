import { fromBase64url } from './base64url.ts'
import { fields, FormError, hash, matching, count } from './form.ts'
import { hashJson, hexToBytes, sha256Bytes, utf8ToBytes } from './hash.ts'
import type { Json } from './json.ts'
import type { Anchored, AssetReceipt, RefusedReceipt } from './receipt.ts'
import { rootFromStateProof } from './sparse-tree.ts'
import { decodeNode, SumTreeError, verifySumProof, type SumRoot } from './sum-tree.ts'

/** Where batches stand: `<prefix>/<deal>/<version>`. Another key may hold anything that looks like a batch. */
const BATCH_KEY = /^asset-registry\/batch\/[^/]+\/[1-9][0-9]{0,6}$/

const amount = matching(/^(0|[1-9][0-9]{0,18})$/, 'a whole number as text')
const rootForm = fields({
  hash,
  top: hash,
  levels: count,
  count: amount,
  originalFen: amount,
  currentFen: amount,
  defaultedFen: amount,
})

const no = (reason: RefusedReceipt['reason'], field?: string): RefusedReceipt => ({
  ok: false,
  reason,
  ...(field === undefined ? {} : { field }),
})

/** The batch's root as its JSON in the state says. @throws FormError */
export function sumRootOf(root: Json | undefined): SumRoot {
  rootForm(root, '/batch/root')
  const { hash, top, levels, count, originalFen, currentFen, defaultedFen } = root as unknown as Record<string, string>
  return {
    hash: hash!,
    top: top!,
    levels: Number(levels),
    count: BigInt(count!),
    originalFen: BigInt(originalFen!),
    currentFen: BigInt(currentFen!),
    defaultedFen: BigInt(defaultedFen!),
  }
}

/** Asset → batch root, with every sum on the way; batch → state. */
export function verifyAsset(receipt: AssetReceipt, { stateRoot }: Anchored): RefusedReceipt | undefined {
  const { slot, leaf, siblings, key, batch, proof } = receipt
  if (!BATCH_KEY.test(key)) return no('BAD_FORM', '/key')
  const keyHash = sha256Bytes(utf8ToBytes(key))
  if (rootFromStateProof(keyHash, hexToBytes(hashJson(batch)), proof) !== stateRoot) return no('NOT_IN_STATE', '/batch')
  try {
    const nodes = siblings.map((text) => {
      const bytes = text === '' ? new Uint8Array(64) : fromBase64url(text)
      // An empty subtree has one spelling.
      if (!bytes || (text !== '' && bytes.every((byte) => byte === 0))) throw new SumTreeError('BAD_PROOF', { what: 'sibling' }) // prettier-ignore
      return decodeNode(bytes)
    })
    const sums = leaf && {
      content: leaf.content,
      originalFen: BigInt(leaf.originalFen),
      currentFen: BigInt(leaf.currentFen),
      defaultedFen: BigInt(leaf.defaultedFen),
    }
    verifySumProof(sumRootOf(batch.root), sums ?? undefined, { slot, siblings: nodes })
    return undefined
  } catch (error) {
    if (error instanceof FormError) return no('BAD_FORM', error.path)
    if (error instanceof SumTreeError) return no('NOT_IN_BATCH', error.code)
    throw error
  }
}
