import { bytesToHex, type Hash } from '#proof/hash'
import type { StateChange, StateProof } from '#proof/sparse-tree'
import { flatten, lastOfEach, sortedOrder, compareAt, type FlatChanges } from './changes.ts'
import { Nodes, type Ref } from './nodes.ts'
import { RefList } from './ref-list.ts'

/** One version of the state, as the executor and the prover use it. `proof/sparse-tree` is the reference. */
export interface StateTree {
  root(): Hash
  has(keyHash: Uint8Array): boolean
  /** The hash of the value under this key hash, or undefined. */
  get(keyHash: Uint8Array): Uint8Array | undefined
  /** The next version. A key may stand only once among the changes. */
  with(changes: readonly StateChange[]): StateTree
  /** The same, of changes in flat arrays. */
  withFlat(changes: FlatChanges): StateTree
  prove(keyHash: Uint8Array): StateProof
}

const NONE = new Int32Array(0)

/** What became of a version: next to come, part of the chain, or no longer readable. */
type Standing = 'open' | 'kept' | 'gone'

/**
 * The sparse Merkle tree of LEDGER.md §4 for a node: the same roots and proofs as the reference, in flat arrays and
 * hashed level by level. A version copies the paths that it changes and shares the rest. Each version knows the nodes of
 * the one before that it replaced, so that letting go of the oldest frees exactly these: this is the undo log.
 *
 * Versions form one chain: `with` gives an open version, `keep` makes it part of the chain, and a second `with` on the
 * same base gives up the open one before. A version that is gone throws when asked.
 */
export class FlatTree implements StateTree {
  private standing: Standing = 'open'
  private open: FlatTree | undefined
  private created: Int32Array = NONE
  private replaced: Int32Array = NONE

  private constructor(
    private readonly nodes: Nodes,
    private base: FlatTree | undefined,
    private top: Ref,
    private leaves: number,
  ) {}

  static empty(): FlatTree {
    const tree = new FlatTree(new Nodes(), undefined, 0, 0)
    tree.standing = 'kept'
    return tree
  }

  /** The tree of leaves written one after another, a later one of a key replacing the earlier: a rebuild at start. */
  static of(flat: FlatChanges): FlatTree {
    const tree = FlatTree.empty()
    tree.apply(flat, lastOfEach(flat, sortedOrder(flat)))
    tree.created = NONE
    return tree
  }

  /** How many keys have a value. */
  get size(): number {
    return this.leaves
  }

  /** Bytes of all nodes, of this and the other versions that are kept. */
  get memory(): { readonly usedBytes: number } {
    return { usedBytes: this.nodes.usedBytes }
  }

  /** Bytes of the nodes that only the versions before this one need. */
  get replacedBytes(): number {
    let leaves = 0
    for (const ref of this.replaced) if (ref < 0) leaves += 1
    return this.replaced.length * 40 + leaves * (96 - 40)
  }

  root(): Hash {
    this.check()
    return bytesToHex(this.nodes.hashOf(this.top))
  }

  get(keyHash: Uint8Array): Uint8Array | undefined {
    const leaf = this.find(keyHash)
    return leaf === 0 ? undefined : this.nodes.valueHash(leaf)
  }

  has(keyHash: Uint8Array): boolean {
    return this.find(keyHash) !== 0
  }

  private find(keyHash: Uint8Array): Ref {
    this.check()
    let ref = this.top
    for (let depth = 0; ref > 0; depth += 1)
      ref = bitAt(keyHash, 0, depth) ? this.nodes.right(ref) : this.nodes.left(ref)
    return ref < 0 && this.nodes.isKey(ref, keyHash, 0) ? ref : 0
  }

  prove(keyHash: Uint8Array): StateProof {
    this.check()
    const { nodes } = this
    const siblings: Hash[] = []
    let ref = this.top
    for (let depth = 0; ref > 0; depth += 1) {
      const goesRight = bitAt(keyHash, 0, depth) === 1
      siblings.push(bytesToHex(nodes.hashOf(goesRight ? nodes.left(ref) : nodes.right(ref))))
      ref = goesRight ? nodes.right(ref) : nodes.left(ref)
    }
    const isNeighbour = ref < 0 && !nodes.isKey(ref, keyHash, 0)
    const neighbour = isNeighbour
      ? { keyHash: bytesToHex(nodes.keyHash(ref)), valueHash: bytesToHex(nodes.valueHash(ref)) }
      : null
    return { siblings, neighbour }
  }

  with(changes: readonly StateChange[]): FlatTree {
    return this.withFlat(flatten(changes))
  }

  withFlat(flat: FlatChanges): FlatTree {
    this.check()
    this.open?.giveUp()
    if (flat.count === 0) return this
    const order = sortedOrder(flat)
    for (let i = 1; i < order.length; i += 1) {
      if (compareAt(flat.keys, order[i - 1]!, order[i]!) === 0) throw new Error('a key changes twice')
    }
    const next = new FlatTree(this.nodes, this, this.top, this.leaves)
    next.apply(flat, order)
    this.open = next
    return next
  }

  /** Makes this version the successor of its base: nodes it did without stay for the base, until that is let go. */
  keep(): void {
    this.check()
    if (this.standing === 'kept') return
    if (this.base?.standing !== 'kept') throw new Error('a version is kept after the one it builds on')
    this.standing = 'kept'
    this.created = NONE
    this.base.open = undefined
  }

  /** Lets go of the version before `next`, the oldest that is kept: what only it held is free. */
  static letGo(oldest: FlatTree, next: FlatTree): void {
    if (next.base !== oldest || next.standing !== 'kept') throw new Error('only the oldest version is let go')
    oldest.standing = 'gone'
    for (const ref of next.replaced) next.nodes.free(ref)
    next.replaced = NONE
    next.base = undefined
  }

  /** An attempt that did not become a block. */
  private giveUp(): void {
    if (this.standing !== 'open') return
    this.open?.giveUp()
    this.standing = 'gone'
    for (const ref of this.created) this.nodes.free(ref)
    this.created = NONE
    this.replaced = NONE
  }

  private check(): void {
    if (this.standing === 'gone') throw new Error('this version of the state tree is no longer kept')
  }

  /** Each leaf's key hash and value hash, 64 bytes a leaf, in batches. The version must stay kept meanwhile. */
  *leafBatches(perBatch = 16_384): Generator<Uint8Array> {
    const stack: Ref[] = [this.top]
    let batch = new Uint8Array(perBatch * 64)
    let filled = 0
    while (stack.length > 0) {
      const ref = stack.pop()!
      if (ref > 0) stack.push(this.nodes.right(ref), this.nodes.left(ref))
      else if (ref < 0) {
        this.nodes.copyLeaf(ref, batch, filled * 64)
        filled += 1
        if (filled < perBatch) continue
        yield batch
        this.check()
        batch = new Uint8Array(perBatch * 64)
        filled = 0
      }
    }
    if (filled > 0) yield batch.subarray(0, filled * 64)
  }

  private apply(flat: FlatChanges, order: Uint32Array): void {
    const update = new Update(this.nodes, flat, order)
    this.top = update.apply(this.top, 0, order.length, 0)
    update.hash()
    this.leaves += update.added
    this.created = update.created.values()
    this.replaced = update.replaced.values()
  }
}

const bitAt = (bytes: Uint8Array, offset: number, depth: number): number =>
  (bytes[offset + (depth >> 3)]! >> (7 - (depth & 7))) & 1

/** One batch of changes on its way into the tree. */
class Update {
  readonly created = new RefList()
  readonly replaced = new RefList()
  added = 0
  /** New inner nodes by depth: hashed from the deepest upwards, a level at once. */
  private readonly levels: RefList[] = []
  /** How many of the first n changes leave a value. */
  private readonly presentBefore: Uint32Array

  constructor(
    private readonly nodes: Nodes,
    private readonly flat: FlatChanges,
    private readonly order: Uint32Array,
  ) {
    this.presentBefore = new Uint32Array(order.length + 1)
    for (let i = 0; i < order.length; i += 1) {
      this.presentBefore[i + 1] = this.presentBefore[i]! + flat.present[order[i]!]!
    }
  }

  hash(): void {
    for (let depth = this.levels.length - 1; depth >= 0; depth -= 1) {
      const level = this.levels[depth]
      if (level) this.nodes.hashLevel(level)
    }
  }

  apply(ref: Ref, from: number, to: number, depth: number): Ref {
    if (from === to) return ref
    if (ref <= 0) return this.applyToLeaf(ref, from, to, depth)
    const { nodes } = this
    const [left, right] = [nodes.left(ref), nodes.right(ref)]
    const middle = this.firstRight(from, to, depth)
    const newLeft = this.apply(left, from, middle, depth + 1)
    const newRight = this.apply(right, middle, to, depth + 1)
    if (newLeft === left && newRight === right) return ref
    this.replaced.push(ref)
    return this.join(newLeft, newRight, depth)
  }

  /** The leaf stays, moved deeper, unless it is itself among the changes. */
  private applyToLeaf(leaf: Ref, from: number, to: number, depth: number): Ref {
    let rest = leaf
    if (leaf !== 0) {
      for (let i = from; i < to && rest !== 0; i += 1) {
        if (this.nodes.isKey(leaf, this.flat.keys, this.order[i]! * 32)) rest = 0
      }
      if (rest === 0) {
        this.replaced.push(leaf)
        this.added -= 1
      }
    }
    return this.build(from, to, rest, depth)
  }

  /** The subtree of the changes that leave a value, and of one leaf that was there before. */
  private build(from: number, to: number, rest: Ref, depth: number): Ref {
    const count = this.presentBefore[to]! - this.presentBefore[from]!
    if (count === 0) return rest
    if (count === 1 && rest === 0) return this.newLeaf(from, to)
    const middle = this.firstRight(from, to, depth)
    const restIsRight = rest !== 0 && this.nodes.keyBit(rest, depth) === 1
    const left = this.build(from, middle, restIsRight ? 0 : rest, depth + 1)
    const right = this.build(middle, to, restIsRight ? rest : 0, depth + 1)
    return this.join(left, right, depth)
  }

  private newLeaf(from: number, to: number): Ref {
    const { flat, order } = this
    for (let i = from; i < to; i += 1) {
      const change = order[i]!
      if (flat.present[change] === 0) continue
      const leaf = this.nodes.newLeaf(flat.keys, flat.values, change)
      this.created.push(leaf)
      this.added += 1
      return leaf
    }
    throw new Error('a value that was counted is not there')
  }

  /** A subtree left with a single leaf is that leaf, wherever it stood. */
  private join(left: Ref, right: Ref, depth: number): Ref {
    if (left === 0 && right <= 0) return right
    if (right === 0 && left < 0) return left
    const ref = this.nodes.newInner(left, right)
    this.created.push(ref)
    ;(this.levels[depth] ??= new RefList(64)).push(ref)
    return ref
  }

  /** The first of the changes whose key goes right at this depth. */
  private firstRight(from: number, to: number, depth: number): number {
    const { flat, order } = this
    let [low, high] = [from, to]
    while (low < high) {
      const middle = (low + high) >> 1
      if (bitAt(flat.keys, order[middle]! * 32, depth) === 1) high = middle
      else low = middle + 1
    }
    return low
  }
}
