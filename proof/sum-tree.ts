import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, type Hash } from './hash.ts'

/**
 * A Merkle *sum* tree over fixed slots (LEDGER.md §7): who holds a proof of one leaf knows that its amounts are part of
 * the sums in the root, and that no subtree hides a negative amount. A slot is assigned once and never reused; a leaf
 * changes in place, so each root is a version and a difference is a list of slots.
 *
 * Encoding: node = hash(32) ‖ count(8) ‖ original(8) ‖ current(8) ‖ defaulted(8), integers big-endian. A parent hashes
 * its children's whole encodings (sums included, else a prover could shift amounts between siblings).
 *   leaf  = SHA-256(0x10 ‖ slot(8) ‖ content(32) ‖ original ‖ current ‖ defaulted)      65 bytes
 *   inner = SHA-256(0x11 ‖ left(64) ‖ right(64))                                       129 bytes
 *   root  = SHA-256(0x12 ‖ levels(1) ‖ node(64))                                        66 bytes
 * An unassigned slot is 64 zero bytes.
 */
export interface AssetSums {
  readonly originalFen: bigint
  readonly currentFen: bigint
  readonly defaultedFen: bigint
}

/** What stands in a slot: the hash (or salted commitment) of the asset's record, and its amounts. */
export interface SumLeaf extends AssetSums {
  readonly content: Hash
}

interface Node extends AssetSums {
  readonly hash: Hash
  readonly count: bigint
}

/** `hash` is the root hash that parties sign: it commits to levels, count and sums too. */
export interface SumRoot extends AssetSums {
  readonly hash: Hash
  /** Assigned slots. */
  readonly count: bigint
  /** The tree has 2^levels slots. */
  readonly levels: number
  /** The top node's own hash. */
  readonly top: Hash
}

/** Siblings from the leaf upwards. */
export interface SumProof {
  readonly slot: number
  readonly siblings: readonly Node[]
}

export class SumTreeError extends Error {
  override readonly name = 'SumTreeError'
  constructor(
    readonly code: 'SLOT_OUT_OF_RANGE' | 'SLOT_TAKEN' | 'SLOT_EMPTY' | 'AMOUNT_OUT_OF_RANGE' | 'BAD_HASH' | 'BAD_PROOF',
    readonly details: { readonly slot?: number; readonly what?: string } = {},
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** Sums are non-negative and fit a signed 64-bit column of any database. */
export const MAX_SUM = (1n << 63n) - 1n
export const MAX_LEVELS = 32

const NODE_BYTES = 64
const EMPTY = new Uint8Array(NODE_BYTES)
const HEX64 = /^[0-9a-f]{64}$/

/** The smallest number of levels whose slots hold `count` leaves. */
export function levelsFor(count: number): number {
  let levels = 0
  while (2 ** levels < count) levels += 1
  return levels
}

/** In-memory tree: one flat byte array per level, 128 bytes per slot in all. */
export class SumTree {
  private readonly nodes: Uint8Array[]

  constructor(readonly levels: number) {
    if (!Number.isInteger(levels) || levels < 0 || levels > MAX_LEVELS) {
      throw new SumTreeError('SLOT_OUT_OF_RANGE', { what: 'levels' })
    }
    this.nodes = Array.from({ length: levels + 1 }, (_, up) => new Uint8Array(NODE_BYTES * 2 ** (levels - up)))
  }

  /** Leaves in slots 0, 1, 2 …; `levels` leaves room for later purchases. */
  static of(leaves: readonly SumLeaf[], levels = levelsFor(leaves.length)): SumTree {
    const tree = new SumTree(levels)
    tree.assign(leaves.map((leaf, slot) => ({ slot, leaf })))
    return tree
  }

  get slots(): number {
    return 2 ** this.levels
  }

  isAssigned(slot: number): boolean {
    return countOf(this.leafBytes(slot)) !== 0n
  }

  /** Puts leaves into slots never used before. @throws SumTreeError SLOT_TAKEN, SLOT_OUT_OF_RANGE, AMOUNT_OUT_OF_RANGE */
  assign(changes: readonly { readonly slot: number; readonly leaf: SumLeaf }[]): void {
    const slots = new Set<number>()
    for (const { slot } of changes) {
      if (this.isAssigned(slot) || slots.has(slot)) throw new SumTreeError('SLOT_TAKEN', { slot })
      slots.add(slot)
    }
    this.write(changes)
  }

  /** Replaces leaves in assigned slots, hashing only the paths above them. @throws SumTreeError SLOT_EMPTY, … */
  update(changes: readonly { readonly slot: number; readonly leaf: SumLeaf }[]): void {
    for (const { slot } of changes) if (!this.isAssigned(slot)) throw new SumTreeError('SLOT_EMPTY', { slot })
    this.write(changes)
  }

  root(): SumRoot {
    return rootOf(decodeNode(this.nodes[this.levels]!), this.levels)
  }

  proof(slot: number): SumProof {
    this.leafBytes(slot)
    const siblings: Node[] = []
    for (let level = 0, at = slot; level < this.levels; level += 1, at = Math.floor(at / 2)) {
      siblings.push(decodeNode(slice(this.nodes[level]!, at ^ 1)))
    }
    return { slot, siblings }
  }

  private leafBytes(slot: number): Uint8Array {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.slots) throw new SumTreeError('SLOT_OUT_OF_RANGE', { slot })
    return slice(this.nodes[0]!, slot)
  }

  /** All or nothing: a sum out of range restores what stood. */
  private write(changes: readonly { readonly slot: number; readonly leaf: SumLeaf }[]): void {
    const encoded = changes.map(({ slot, leaf }) => ({ slot, bytes: encodeNode(leafNode(slot, leaf)) }))
    const before = changes.map(({ slot }) => ({ slot, bytes: this.leafBytes(slot).slice() }))
    try {
      this.put(encoded)
    } catch (error) {
      this.put(before)
      throw error
    }
  }

  private put(leaves: readonly { readonly slot: number; readonly bytes: Uint8Array }[]): void {
    for (const { slot, bytes } of leaves) this.nodes[0]!.set(bytes, slot * NODE_BYTES)
    let touched = new Set(leaves.map(({ slot }) => slot))
    for (let level = 0; level < this.levels; level += 1) {
      const parents = new Set<number>()
      for (const at of touched) parents.add(Math.floor(at / 2))
      const [below, above] = [this.nodes[level]!, this.nodes[level + 1]!]
      for (const at of parents) above.set(join(slice(below, at * 2), slice(below, at * 2 + 1)), at * NODE_BYTES)
      touched = parents
    }
  }
}

/**
 * Checks that the leaf stands in its slot under the root (`undefined`: that the slot is unassigned).
 * @throws SumTreeError BAD_PROOF (what), AMOUNT_OUT_OF_RANGE, BAD_HASH
 */
export function verifySumProof(root: SumRoot, leaf: SumLeaf | undefined, proof: SumProof): void {
  checkRoot(root)
  if (climb(root, leaf, proof).hash !== root.hash)
    throw new SumTreeError('BAD_PROOF', { what: 'root', slot: proof.slot })
}

/**
 * The root after one leaf changed, knowing only its path: who follows a batch need not hold the tree. For several
 * slots, apply in order, each proof taken from the tree after the change before it.
 * @throws SumTreeError as verifySumProof
 */
export function updatedRoot(root: SumRoot, before: SumLeaf | undefined, after: SumLeaf, proof: SumProof): SumRoot {
  verifySumProof(root, before, proof)
  return climb(root, after, proof)
}

/** Checks that a root's hash commits to its own count, sums and levels. @throws SumTreeError BAD_PROOF */
export function checkRoot(root: SumRoot): void {
  const { count, originalFen, currentFen, defaultedFen, top, levels } = root
  if (!Number.isInteger(levels) || levels < 0 || levels > MAX_LEVELS)
    throw new SumTreeError('BAD_PROOF', { what: 'levels' })
  const node = { hash: top, count, originalFen, currentFen, defaultedFen }
  if (rootOf(node, levels).hash !== root.hash) throw new SumTreeError('BAD_PROOF', { what: 'root' })
}

function climb(root: SumRoot, leaf: SumLeaf | undefined, { slot, siblings }: SumProof): SumRoot {
  if (!Number.isInteger(slot) || slot < 0 || slot >= 2 ** root.levels)
    throw new SumTreeError('SLOT_OUT_OF_RANGE', { slot })
  if (siblings.length !== root.levels) throw new SumTreeError('BAD_PROOF', { what: 'length', slot })
  let at = slot
  let node = leaf ? encodeNode(leafNode(slot, leaf)) : EMPTY
  for (const sibling of siblings) {
    const other = encodeNode(sibling)
    node = at % 2 === 0 ? join(node, other) : join(other, node)
    at = Math.floor(at / 2)
  }
  return rootOf(decodeNode(node), root.levels)
}

function leafNode(slot: number, leaf: SumLeaf): Node {
  const { content, originalFen, currentFen, defaultedFen } = leaf
  const body = new Uint8Array(65)
  body[0] = 0x10
  const view = new DataView(body.buffer)
  view.setBigUint64(1, BigInt(slot))
  body.set(hashBytes(content), 9)
  writeSums(view, 41, leaf, slot)
  return { hash: bytesToHex(sha256Bytes(body)), count: 1n, originalFen, currentFen, defaultedFen }
}

function writeSums(view: DataView, at: number, sums: AssetSums, slot?: number): void {
  const amounts = [sums.originalFen, sums.currentFen, sums.defaultedFen]
  amounts.forEach((amount, i) => {
    if (amount < 0n || amount > MAX_SUM) {
      throw new SumTreeError('AMOUNT_OUT_OF_RANGE', slot === undefined ? { what: 'sum' } : { what: 'leaf', slot })
    }
    view.setBigUint64(at + i * 8, amount)
  })
}

function encodeNode(node: Node): Uint8Array {
  const bytes = new Uint8Array(NODE_BYTES)
  bytes.set(hashBytes(node.hash))
  const view = new DataView(bytes.buffer)
  if (node.count < 0n || node.count > MAX_SUM) throw new SumTreeError('AMOUNT_OUT_OF_RANGE', { what: 'count' })
  view.setBigUint64(32, node.count)
  writeSums(view, 40, node)
  return bytes
}

function decodeNode(bytes: Uint8Array): Node {
  const view = new DataView(bytes.buffer, bytes.byteOffset, NODE_BYTES)
  return {
    hash: bytesToHex(bytes.subarray(0, 32)),
    count: view.getBigUint64(32),
    originalFen: view.getBigUint64(40),
    currentFen: view.getBigUint64(48),
    defaultedFen: view.getBigUint64(56),
  }
}

const countOf = (bytes: Uint8Array): bigint => new DataView(bytes.buffer, bytes.byteOffset, NODE_BYTES).getBigUint64(32)

const INNER = Uint8Array.of(0x11)

/** Two empty children make an empty parent, so that room for growth costs nothing to hash. */
function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (countOf(left) === 0n && countOf(right) === 0n && isZero(left) && isZero(right)) return EMPTY
  const parent = new Uint8Array(NODE_BYTES)
  parent.set(sha256Bytes(concatBytes(INNER, left, right)))
  const [view, a, b] = [parent, left, right].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, NODE_BYTES))
  for (let at = 32; at < NODE_BYTES; at += 8) {
    const sum = a!.getBigUint64(at) + b!.getBigUint64(at)
    if (sum > MAX_SUM) throw new SumTreeError('AMOUNT_OUT_OF_RANGE', { what: 'sum' })
    view!.setBigUint64(at, sum)
  }
  return parent
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

const slice = (level: Uint8Array, at: number): Uint8Array => level.subarray(at * NODE_BYTES, (at + 1) * NODE_BYTES)

function hashBytes(hash: Hash): Uint8Array {
  if (!HEX64.test(hash)) throw new SumTreeError('BAD_HASH')
  return hexToBytes(hash)
}

function rootOf(node: Node, levels: number): SumRoot {
  const hash = bytesToHex(sha256Bytes(concatBytes(Uint8Array.of(0x12, levels), encodeNode(node))))
  const { count, originalFen, currentFen, defaultedFen } = node
  return { hash, count, originalFen, currentFen, defaultedFen, levels, top: node.hash }
}
