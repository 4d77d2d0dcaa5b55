import { fromBase64url, toBase64url } from './base64url.ts'
import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, type Hash } from './hash.ts'

/**
 * Binary sparse Merkle tree over (SHA-256 of key → SHA-256 of value), LEDGER.md §4:
 *   empty subtree = 32 zero bytes; subtree of one leaf = that leaf
 *   leaf  = SHA-256(0x00 ‖ key hash ‖ value hash)   65 bytes
 *   inner = SHA-256(left ‖ right)                   64 bytes
 * Nodes are immutable and shared between versions, so that an older root stays provable at the cost of what changed.
 */
export interface StateChange {
  readonly keyHash: Uint8Array
  /** undefined: the key is gone */
  readonly valueHash: Uint8Array | undefined
}

/** Siblings from the top down, as hex; an absent key ends at nothing or at a neighbour with the same first bits. */
export interface StateProof {
  readonly siblings: readonly Hash[]
  readonly neighbour: { readonly keyHash: Hash; readonly valueHash: Hash } | null
}

interface Leaf {
  readonly keyHash: Uint8Array
  readonly valueHash: Uint8Array
  readonly hash: Uint8Array
}
type PresentLeaf = StateChange & { readonly valueHash: Uint8Array }
interface Inner {
  readonly left: Node
  readonly right: Node
  readonly hash: Uint8Array
}
type Node = Leaf | Inner | undefined
type Sha256 = (bytes: Uint8Array) => Uint8Array

const ZERO = new Uint8Array(32)
const LEAF = Uint8Array.of(0x00)
const HASH_BITS = 256
/** Written and hashed at once, never kept: a tree of a million leaves hashes two million times. */
const LEAF_PREIMAGE = new Uint8Array(65)
const INNER_PREIMAGE = new Uint8Array(64)

const isLeaf = (node: Leaf | Inner): node is Leaf => 'keyHash' in node
const hashOf = (node: Node): Uint8Array => node?.hash ?? ZERO
const bitOf = (hash: Uint8Array, depth: number): number => (hash[depth >> 3]! >> (7 - (depth & 7))) & 1

/** In the order of the bytes; of two that begin alike the shorter comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length)
  for (let i = 0; i < common; i += 1) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

const HASH_BYTES = 32

/** A proof that something stands under a key, in short: the siblings' bytes one after the other, base64url. */
export const encodeSiblings = ({ siblings }: StateProof): string =>
  toBase64url(concatBytes(...siblings.map(hexToBytes)))

/** undefined when the text is not the encoding of whole hashes */
export function decodeSiblings(text: string): StateProof | undefined {
  const bytes = fromBase64url(text)
  if (!bytes || bytes.length % HASH_BYTES !== 0) return undefined
  const hashAt = (_: unknown, i: number): Hash => bytesToHex(bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
  return { siblings: Array.from({ length: bytes.length / HASH_BYTES }, hashAt), neighbour: null }
}

export class SparseTree {
  private constructor(
    private readonly top: Node,
    private readonly sha256: Sha256,
  ) {}

  /** @param sha256 a faster SHA-256 where one is at hand */
  static empty(sha256: Sha256 = sha256Bytes): SparseTree {
    return new SparseTree(undefined, sha256)
  }

  root(): Hash {
    return bytesToHex(hashOf(this.top))
  }

  /** The hash of the value under this key hash, or undefined. */
  get(keyHash: Uint8Array): Uint8Array | undefined {
    let node = this.top
    for (let depth = 0; node && !isLeaf(node); depth += 1) node = bitOf(keyHash, depth) ? node.right : node.left
    return node && compareBytes(node.keyHash, keyHash) === 0 ? node.valueHash : undefined
  }

  /** The next version. A key may stand only once among the changes. */
  with(changes: readonly StateChange[]): SparseTree {
    if (changes.length === 0) return this
    const sorted = [...changes].sort((a, b) => compareBytes(a.keyHash, b.keyHash))
    for (let i = 1; i < sorted.length; i += 1) {
      if (compareBytes(sorted[i - 1]!.keyHash, sorted[i]!.keyHash) === 0) throw new Error('a key changes twice')
    }
    return new SparseTree(this.apply(this.top, sorted, 0, sorted.length, 0), this.sha256)
  }

  prove(keyHash: Uint8Array): StateProof {
    const siblings: Hash[] = []
    let node = this.top
    for (let depth = 0; node && !isLeaf(node); depth += 1) {
      const goesRight = bitOf(keyHash, depth) === 1
      siblings.push(bytesToHex(hashOf(goesRight ? node.left : node.right)))
      node = goesRight ? node.right : node.left
    }
    const isNeighbour = node !== undefined && compareBytes(node.keyHash, keyHash) !== 0
    const neighbour = isNeighbour
      ? { keyHash: bytesToHex(node!.keyHash), valueHash: bytesToHex(node!.valueHash) }
      : null
    return { siblings, neighbour }
  }

  private apply(node: Node, changes: readonly StateChange[], from: number, to: number, depth: number): Node {
    if (from === to) return node
    if (node === undefined || isLeaf(node)) {
      const leaves = mergeLeaf(node, changes.slice(from, to))
      return this.build(leaves, 0, leaves.length, depth)
    }
    const middle = firstRight(changes, from, to, depth)
    const left = this.apply(node.left, changes, from, middle, depth + 1)
    const right = this.apply(node.right, changes, middle, to, depth + 1)
    return left === node.left && right === node.right ? node : this.join(left, right)
  }

  private build(leaves: readonly PresentLeaf[], from: number, to: number, depth: number): Node {
    if (from === to) return undefined
    if (to - from === 1) return this.leaf(leaves[from]!.keyHash, leaves[from]!.valueHash)
    const middle = firstRight(leaves, from, to, depth)
    return this.join(this.build(leaves, from, middle, depth + 1), this.build(leaves, middle, to, depth + 1))
  }

  private leaf(keyHash: Uint8Array, valueHash: Uint8Array): Leaf {
    LEAF_PREIMAGE.set(keyHash, 1)
    LEAF_PREIMAGE.set(valueHash, 33)
    return { keyHash, valueHash, hash: this.sha256(LEAF_PREIMAGE) }
  }

  /** A subtree left with a single leaf is that leaf, wherever it stood. */
  private join(left: Node, right: Node): Node {
    if (left === undefined && (right === undefined || isLeaf(right))) return right
    if (right === undefined && left !== undefined && isLeaf(left)) return left
    INNER_PREIMAGE.set(hashOf(left))
    INNER_PREIMAGE.set(hashOf(right), 32)
    return { left, right, hash: this.sha256(INNER_PREIMAGE) }
  }
}

function firstRight(sorted: readonly StateChange[], from: number, to: number, depth: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >> 1
    if (bitOf(sorted[middle]!.keyHash, depth) === 1) high = middle
    else low = middle + 1
  }
  return low
}

function mergeLeaf(leaf: Leaf | undefined, changes: readonly StateChange[]) {
  const all: StateChange[] = [...changes]
  if (leaf && !changes.some(({ keyHash }) => compareBytes(keyHash, leaf.keyHash) === 0)) {
    all.push(leaf)
    all.sort((a, b) => compareBytes(a.keyHash, b.keyHash))
  }
  return all.filter((change): change is PresentLeaf => change.valueHash !== undefined)
}

/** The root that a proof leads to: of the value hash standing under the key, or (undefined) of nothing standing there. */
export function rootFromStateProof(
  keyHash: Uint8Array,
  valueHash: Uint8Array | undefined,
  proof: StateProof,
): Hash | undefined {
  const { siblings, neighbour } = proof
  const depth = siblings.length
  if (depth > HASH_BITS) return undefined
  let node: Uint8Array
  if (valueHash) {
    if (neighbour) return undefined
    node = sha256Bytes(concatBytes(LEAF, keyHash, valueHash))
  } else if (neighbour) {
    const other = hexToBytes(neighbour.keyHash)
    if (compareBytes(other, keyHash) === 0) return undefined
    for (let bit = 0; bit < depth; bit += 1) if (bitOf(other, bit) !== bitOf(keyHash, bit)) return undefined
    node = sha256Bytes(concatBytes(LEAF, other, hexToBytes(neighbour.valueHash)))
  } else node = ZERO
  for (let bit = depth - 1; bit >= 0; bit -= 1) {
    const sibling = hexToBytes(siblings[bit]!)
    node = sha256Bytes(bitOf(keyHash, bit) ? concatBytes(sibling, node) : concatBytes(node, sibling))
  }
  return bytesToHex(node)
}
