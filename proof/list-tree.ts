import {
  bytesToHex,
  concatBytes,
  hexToBytes,
  putHash,
  putPairHashes,
  putSha256,
  sha256Bytes,
  type Hash,
} from './hash.ts'

/**
 * Merkle tree of a list, in the shape of RFC 6962 (the left subtree is the largest power of two smaller than the
 * list), with preimages separated by length and tag from those of the sparse tree:
 *   leaf  = SHA-256(0x01 ‖ item hash)        33 bytes
 *   inner = SHA-256(left ‖ right)            64 bytes
 *   root  = SHA-256(0x02 ‖ count(8) ‖ top)   41 bytes, big-endian; top of an empty list is 32 zero bytes
 * The count in the root makes an index mean one place only.
 */
export interface ListProof {
  readonly index: number
  readonly count: number
  /** Siblings from the leaf upwards. */
  readonly path: readonly Hash[]
}

const LEAF = Uint8Array.of(0x01)
const ZERO = new Uint8Array(32)

const leafHash = (item: Hash): Uint8Array => sha256Bytes(concatBytes(LEAF, hexToBytes(item)))

/** Written and hashed in one go, thousands of times a block: no buffer for each. */
const pair = new Uint8Array(64)
function inner(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left)
  pair.set(right, 32)
  return sha256Bytes(pair)
}

function finish(count: number, top: Uint8Array): Hash {
  const head = new Uint8Array(9)
  head[0] = 0x02
  new DataView(head.buffer).setBigUint64(1, BigInt(count))
  return bytesToHex(sha256Bytes(concatBytes(head, top)))
}

/** The largest power of two smaller than n (n ≥ 2). */
function splitOf(n: number): number {
  let split = 1
  while (split * 2 < n) split *= 2
  return split
}

const leafInput = new Uint8Array(33)
leafInput.set(LEAF)

function leavesOf(items: readonly Hash[]): Uint8Array {
  const level = new Uint8Array(items.length * 32)
  for (let i = 0; i < items.length; i += 1) {
    putHash(items[i]!, leafInput, 1)
    putSha256(leafInput, level, i * 32)
  }
  return level
}

function levelAbove(level: Uint8Array): Uint8Array {
  const above = new Uint8Array(Math.ceil(level.length / 64) * 32)
  const paired = level.length - (level.length % 64)
  putPairHashes(level.subarray(0, paired), above.subarray(0, paired / 2))
  if (paired < level.length) above.set(level.subarray(paired), paired / 2)
  return above
}

/**
 * All nodes of a list's tree, for many proofs. Pairing level by level, a last node without partner rising as it is,
 * gives the shape of RFC 6962.
 */
export class ListTree {
  /** 32 bytes a node, one after another. */
  private readonly levels: Uint8Array[]

  /** @param items hashes of the items, in order */
  constructor(readonly items: readonly Hash[]) {
    let level = leavesOf(items)
    this.levels = [level]
    while (level.length > 32) {
      level = levelAbove(level)
      this.levels.push(level)
    }
  }

  root(): Hash {
    return finish(this.items.length, this.items.length > 0 ? this.levels.at(-1)! : ZERO)
  }

  /** @throws RangeError when there is no such item */
  proof(index: number): ListProof {
    if (!Number.isInteger(index) || index < 0 || index >= this.items.length) throw new RangeError(`no item ${index}`)
    const path: Hash[] = []
    for (let up = 0, at = index; up < this.levels.length - 1; up += 1, at >>= 1) {
      const from = (at ^ 1) * 32
      const sibling = this.levels[up]!.subarray(from, from + 32)
      if (sibling.length > 0) path.push(bytesToHex(sibling))
    }
    return { index, count: this.items.length, path }
  }
}

export const listRoot = (items: readonly Hash[]): Hash => new ListTree(items).root()
export const listProof = (items: readonly Hash[], index: number): ListProof => new ListTree(items).proof(index)

/** The root that the proof leads to, or undefined when its shape is impossible. */
export function rootFromProof(item: Hash, { index, count, path }: ListProof): Hash | undefined {
  if (index < 0 || index >= count) return undefined
  // The turns from the top, as the prover took them; a path of another length has another shape.
  const turns: boolean[] = []
  let [from, to] = [0, count]
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    const isLeft = index < middle
    turns.push(isLeft)
    if (isLeft) to = middle
    else from = middle
  }
  if (turns.length !== path.length) return undefined
  const top = path.reduce((node, sibling, up) => {
    const isLeft = turns[turns.length - 1 - up]!
    return isLeft ? inner(node, hexToBytes(sibling)) : inner(hexToBytes(sibling), node)
  }, leafHash(item))
  return finish(count, top)
}
