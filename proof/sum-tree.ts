import {
  addSums,
  decodeNode,
  encodeNode,
  hashBlocks,
  hashBytes,
  MAX_LEVELS,
  MAX_SUM,
  NODE_BYTES,
  rootOf,
  SumTreeError,
  type HashBlocks,
  type SumLeaf,
  type SumNode,
  type SumRoot,
} from './sum-node.ts'
import type { SumProof } from './sum-proof.ts'

export { MAX_LEVELS, MAX_SUM, SumTreeError } from './sum-node.ts'
export type { AssetSums, HashBlocks, SumLeaf, SumNode, SumRoot } from './sum-node.ts'
export { checkRoot, updatedRoot, verifySumProof, type SumProof } from './sum-proof.ts'

/** Many leaves by columns: what stands at index i belongs to slot `slots[i]`. */
export interface LeafColumns {
  readonly slots: Uint32Array
  /** 32 bytes a leaf. */
  readonly contents: Uint8Array
  readonly originalFen: BigUint64Array
  readonly currentFen: BigUint64Array
  readonly defaultedFen: BigUint64Array
}

interface Change {
  readonly slot: number
  readonly leaf: SumLeaf
}

/** Nodes hashed in one call: enough for the call to cost nothing, few enough to stay in the processor's cache. */
const BATCH = 4096

/** The smallest number of levels whose slots hold `count` leaves. */
export function levelsFor(count: number): number {
  let levels = 0
  while (2 ** levels < count) levels += 1
  return levels
}

/** A tree grows when it is full (`grown`), so it needs no more room ahead than this: four to eight times its leaves. */
const SPARE_LEVELS = 2

/**
 * The most levels that a tree of so many leaves may have. Whoever follows a batch makes a tree of as many slots as its
 * root says: without a bound by what is in it, a root alone would cost its custodian any amount of memory.
 */
export const mostLevelsFor = (count: bigint): number => Math.min(MAX_LEVELS, levelsFor(Number(count)) + SPARE_LEVELS)

/**
 * A Merkle sum tree over fixed slots in memory: who holds a proof of one leaf knows that its amounts are part of the
 * sums in the root, and that no subtree hides a negative amount. A slot is assigned once and never reused; a leaf
 * changes in place, so each root is a version and a difference is a list of slots. One flat byte array per level, 128
 * bytes per slot in all; a change hashes the paths above it alone, level by level in batches.
 */
export class SumTree {
  private readonly nodes: Uint8Array[]

  constructor(
    readonly levels: number,
    private readonly hash: HashBlocks = hashBlocks,
  ) {
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
    return decodeNode(this.leafBytes(slot)).count !== 0n
  }

  /** Puts leaves into slots never used before. @throws SumTreeError SLOT_TAKEN, SLOT_OUT_OF_RANGE, AMOUNT_OUT_OF_RANGE */
  assign(changes: readonly Change[] | LeafColumns): void {
    const columns = columnsOf(changes)
    this.checkSlots(columns.slots, (slot, isTaken) => {
      if (isTaken) throw new SumTreeError('SLOT_TAKEN', { slot })
    })
    this.write(columns)
  }

  /** Replaces leaves in assigned slots, each at most once. @throws SumTreeError SLOT_EMPTY, SLOT_TAKEN (named twice), … */
  update(changes: readonly Change[] | LeafColumns): void {
    const columns = columnsOf(changes)
    this.checkSlots(columns.slots, (slot, isTaken) => {
      if (!isTaken) throw new SumTreeError('SLOT_EMPTY', { slot })
    })
    this.write(columns)
  }

  /** The same leaves in a tree with room for more: their slots stay, the root changes with the number of levels. */
  grown(levels: number): SumTree {
    if (levels < this.levels) throw new SumTreeError('SLOT_OUT_OF_RANGE', { what: 'levels' })
    const tree = new SumTree(levels, this.hash)
    this.nodes.forEach((level, up) => tree.nodes[up]!.set(level))
    let touched: Uint32Array = Uint32Array.of(0)
    for (let level = this.levels; level < levels; level += 1) touched = tree.climb(level, touched)
    return tree
  }

  root(): SumRoot {
    return rootOf(decodeNode(this.nodes[this.levels]!), this.levels)
  }

  /** The node of a leaf: its hash and amounts. */
  leaf(slot: number): SumNode {
    return decodeNode(this.leafBytes(slot))
  }

  proof(slot: number): SumProof {
    this.leafBytes(slot)
    const siblings: SumNode[] = []
    for (let level = 0, at = slot; level < this.levels; level += 1, at = Math.floor(at / 2)) {
      siblings.push(decodeNode(slice(this.nodes[level]!, at ^ 1)))
    }
    return { slot, siblings }
  }

  /** The nodes of a level from the leaves (0) to the top, as they stand in memory: to store them, or to read them in. */
  level(up: number): Uint8Array {
    const level = this.nodes[up]
    if (!level) throw new SumTreeError('SLOT_OUT_OF_RANGE', { what: 'level' })
    return level
  }

  private leafBytes(slot: number): Uint8Array {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.slots) throw new SumTreeError('SLOT_OUT_OF_RANGE', { slot })
    return slice(this.nodes[0]!, slot)
  }

  private checkSlots(slots: Uint32Array, check: (slot: number, isTaken: boolean) => void): void {
    const leaves = new DataView(this.nodes[0]!.buffer)
    const seen = new Uint8Array(Math.ceil(this.slots / 8))
    for (const slot of slots) {
      if (slot >= this.slots) throw new SumTreeError('SLOT_OUT_OF_RANGE', { slot })
      const bit = 1 << (slot & 7)
      if ((seen[slot >>> 3]! & bit) !== 0) throw new SumTreeError('SLOT_TAKEN', { slot })
      seen[slot >>> 3]! |= bit
      // The count of a leaf is 0 or 1: its lowest byte.
      check(slot, leaves.getUint8(slot * NODE_BYTES + 39) !== 0)
    }
  }

  /** All or nothing: a sum out of range restores what stood. */
  private write(columns: LeafColumns): void {
    const { slots } = columns
    checkAmounts(columns)
    const leaves = this.nodes[0]!
    const before = new Uint8Array(slots.length * NODE_BYTES)
    for (let i = 0; i < slots.length; i += 1) copyNode(leaves, slots[i]!, before, i)
    const touched = slots.slice().sort()
    try {
      this.writeLeaves(columns)
      this.climbAll(touched)
    } catch (error) {
      for (let i = 0; i < slots.length; i += 1) copyNode(before, i, leaves, slots[i]!)
      this.climbAll(touched)
      throw error
    }
  }

  private climbAll(leaves: Uint32Array): void {
    let touched = leaves
    for (let level = 0; level < this.levels; level += 1) touched = this.climb(level, touched)
  }

  private writeLeaves({ slots, contents, originalFen, currentFen, defaultedFen }: LeafColumns): void {
    const [blocks, hashes] = [new Uint8Array(BATCH * NODE_BYTES), new Uint8Array(BATCH * 32)]
    const view = new DataView(blocks.buffer)
    const leaves = this.nodes[0]!
    for (let from = 0; from < slots.length; from += BATCH) {
      const many = Math.min(BATCH, slots.length - from)
      for (let i = 0; i < many; i += 1) {
        const at = i * NODE_BYTES
        view.setUint32(at + 4, slots[from + i]!)
        blocks.set(contents.subarray((from + i) * 32, (from + i) * 32 + 32), at + 8)
        view.setBigUint64(at + 40, originalFen[from + i]!)
        view.setBigUint64(at + 48, currentFen[from + i]!)
        view.setBigUint64(at + 56, defaultedFen[from + i]!)
      }
      this.hash(blocks.subarray(0, many * NODE_BYTES), hashes.subarray(0, many * 32))
      for (let i = 0; i < many; i += 1) {
        const at = slots[from + i]! * NODE_BYTES
        leaves.set(hashes.subarray(i * 32, i * 32 + 32), at)
        leaves[at + 39] = 1
        leaves.set(blocks.subarray(i * NODE_BYTES + 40, (i + 1) * NODE_BYTES), at + 40)
      }
    }
  }

  /** Makes the parents of the touched nodes of a level anew. @param touched ascending @returns the parents, ascending */
  private climb(level: number, touched: Uint32Array): Uint32Array {
    const parents = parentsOf(touched)
    const [below, above] = [this.nodes[level]!, this.nodes[level + 1]!]
    const [viewBelow, viewAbove] = [new DataView(below.buffer), new DataView(above.buffer)]
    const pairs = new Uint8Array(Math.min(BATCH, parents.length) * 2 * NODE_BYTES)
    const digests = new Uint8Array(pairs.length / 2)
    const hashes = new Uint8Array(pairs.length / 4)
    for (let from = 0; from < parents.length; from += BATCH) {
      const many = Math.min(BATCH, parents.length - from)
      this.hash(this.childrenOf(below, parents.subarray(from, from + many), pairs), digests.subarray(0, many * 64))
      this.hash(digests.subarray(0, many * 64), hashes.subarray(0, many * 32))
      for (let i = 0; i < many; i += 1) {
        const at = parents[from + i]! * NODE_BYTES
        addSums(viewBelow, at * 2, viewBelow, at * 2 + NODE_BYTES, viewAbove, at)
        // Two empty children make an empty parent, so that room for growth has one form whatever its size.
        if (viewAbove.getUint32(at + 36) === 0 && viewAbove.getUint32(at + 32) === 0) above.fill(0, at, at + NODE_BYTES)
        else above.set(hashes.subarray(i * 32, i * 32 + 32), at)
      }
    }
    return parents
  }

  /** The children of these parents side by side: where they are neighbours, without copying. */
  private childrenOf(below: Uint8Array, parents: Uint32Array, pairs: Uint8Array): Uint8Array {
    const pair = 2 * NODE_BYTES
    const [first, last] = [parents[0]!, parents[parents.length - 1]!]
    if (last - first + 1 === parents.length) return below.subarray(first * pair, (last + 1) * pair)
    parents.forEach((at, i) => pairs.set(below.subarray(at * pair, (at + 1) * pair), i * pair))
    return pairs.subarray(0, parents.length * pair)
  }
}

function parentsOf(touched: Uint32Array): Uint32Array {
  const parents = new Uint32Array(touched.length)
  let many = 0
  for (const at of touched) {
    const parent = at >>> 1
    if (many === 0 || parents[many - 1] !== parent) parents[many++] = parent
  }
  return parents.subarray(0, many)
}

function columnsOf(changes: readonly Change[] | LeafColumns): LeafColumns {
  if ('slots' in changes) return changes
  const amounts = (field: 'originalFen' | 'currentFen' | 'defaultedFen'): BigUint64Array =>
    BigUint64Array.from(changes, ({ slot, leaf }) => {
      if (leaf[field] < 0n || leaf[field] > MAX_SUM)
        throw new SumTreeError('AMOUNT_OUT_OF_RANGE', { what: 'leaf', slot })
      return leaf[field]
    })
  const contents = new Uint8Array(changes.length * 32)
  changes.forEach(({ slot, leaf }, i) => {
    if (!Number.isInteger(slot) || slot < 0 || slot >= 2 ** MAX_LEVELS)
      throw new SumTreeError('SLOT_OUT_OF_RANGE', { slot })
    contents.set(hashBytes(leaf.content), i * 32)
  })
  return {
    slots: Uint32Array.from(changes, ({ slot }) => slot),
    contents,
    originalFen: amounts('originalFen'),
    currentFen: amounts('currentFen'),
    defaultedFen: amounts('defaultedFen'),
  }
}

function checkAmounts({ slots, originalFen, currentFen, defaultedFen }: LeafColumns): void {
  for (const column of [originalFen, currentFen, defaultedFen]) {
    const bad = column.findIndex((amount) => amount > MAX_SUM)
    if (bad >= 0) throw new SumTreeError('AMOUNT_OUT_OF_RANGE', { what: 'leaf', slot: slots[bad]! })
  }
}

/** By hand: a call of `set` costs more than these bytes. */
function copyNode(from: Uint8Array, at: number, to: Uint8Array, toAt: number): void {
  for (let i = 0; i < NODE_BYTES; i += 1) to[toAt * NODE_BYTES + i] = from[at * NODE_BYTES + i]!
}

const slice = (level: Uint8Array, at: number): Uint8Array => level.subarray(at * NODE_BYTES, (at + 1) * NODE_BYTES)

/** A node's 64 bytes, as proofs in JSON carry them. */
export { decodeNode, encodeNode }
