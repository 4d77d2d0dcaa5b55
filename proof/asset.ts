import { fromBase64url, toBase64url } from './base64url.ts'
import { canonicalJson } from './canonical.ts'
import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, utf8ToBytes, type Hash } from './hash.ts'
import type { JsonObject } from './json.ts'
import { decodeNode, encodeNode, NODE_BYTES, type SumNode, type SumRoot } from './sum-node.ts'
import { verifySumProof } from './sum-proof.ts'

/** One asset of a batch, with its place in the batch's sum tree. */
export interface AssetInSlot extends JsonObject {
  readonly deal: string
  readonly version: number
  readonly slot: number
  /** The asset's terms: what never changes. */
  readonly terms: JsonObject
  /** 256 bits in hex; without it the commitment says nothing. */
  readonly salt: string
  readonly currentFen: string
  readonly defaultedFen: string
  /** Sibling nodes of 64 bytes from the leaf upwards, base64url. */
  readonly path: string
}

/**
 * The proof by itself. What it proves is relative to `root`: that this root is the plan's batch of that version is the
 * ledger's to say (`asset-registry/batch` in the state, a proof of a key).
 */
export interface AssetProof extends AssetInSlot {
  readonly kind: 'sluice/asset/1'
  /** As the ledger carries it. */
  readonly root: JsonObject
}

/** The same within a receipt, whose batch has the root: it is not said twice. */
export interface BatchedAsset extends AssetInSlot {
  readonly kind: 'sluice/asset/2'
}

export class AssetProofError extends Error {
  override readonly name = 'AssetProofError'
  constructor(readonly problem: string) {
    super(`BAD_ASSET_PROOF ${problem}`)
  }
}

/** The commitment in an asset's leaf: SHA-256(salt ‖ SHA-256(canonical JSON of its terms)). */
export function assetContent(terms: JsonObject, salt: string): Hash {
  const record = sha256Bytes(utf8ToBytes(canonicalJson(terms)))
  return bytesToHex(sha256Bytes(concatBytes(hexToBytes(salt), record)))
}

export const encodePath = (siblings: readonly SumNode[]): string =>
  toBase64url(concatBytes(...siblings.map(encodeNode)))

const AMOUNT = /^(0|[1-9][0-9]{0,18})$/
const HASH = /^[0-9a-f]{64}$/

/**
 * Checks that the asset, with these terms and balances, is in its slot under the root, whose sums are then known to
 * contain it. Answers the root, to be compared with the ledger's.
 * @throws AssetProofError with the first thing that does not hold; SumTreeError BAD_PROOF, AMOUNT_OUT_OF_RANGE
 */
export function verifyAssetProof(proof: AssetProof): SumRoot {
  const { kind, slot, terms, salt, currentFen, defaultedFen, path } = proof
  if (kind !== 'sluice/asset/1') throw new AssetProofError('kind')
  if (typeof salt !== 'string' || !HASH.test(salt)) throw new AssetProofError('salt')
  const root = rootOfJson(proof.root)
  const bytes = typeof path === 'string' ? fromBase64url(path) : undefined
  if (!bytes || bytes.length !== root.levels * NODE_BYTES) throw new AssetProofError('path')
  const siblings = Array.from({ length: root.levels }, (_, i) => decodeNode(bytes.subarray(i * NODE_BYTES)))
  if (typeof terms !== 'object' || terms === null || Array.isArray(terms)) throw new AssetProofError('terms')
  const leaf = {
    content: assetContent(terms, salt),
    originalFen: amountOf(terms['originalFen'], 'terms.originalFen'),
    currentFen: amountOf(currentFen, 'currentFen'),
    defaultedFen: amountOf(defaultedFen, 'defaultedFen'),
  }
  verifySumProof(root, leaf, { slot, siblings })
  return root
}

function rootOfJson(root: JsonObject): SumRoot {
  if (typeof root !== 'object' || root === null) throw new AssetProofError('root')
  const { hash, top, levels } = root
  if (typeof hash !== 'string' || !HASH.test(hash)) throw new AssetProofError('root.hash')
  if (typeof top !== 'string' || !HASH.test(top)) throw new AssetProofError('root.top')
  if (typeof levels !== 'number' || !Number.isInteger(levels) || levels < 0 || levels > 32) {
    throw new AssetProofError('root.levels')
  }
  return {
    hash,
    top,
    levels,
    count: amountOf(root['count'], 'root.count'),
    originalFen: amountOf(root['originalFen'], 'root.originalFen'),
    currentFen: amountOf(root['currentFen'], 'root.currentFen'),
    defaultedFen: amountOf(root['defaultedFen'], 'root.defaultedFen'),
  }
}

function amountOf(text: unknown, field: string): bigint {
  if (typeof text !== 'string' || !AMOUNT.test(text)) throw new AssetProofError(field)
  return BigInt(text)
}
