import type { Json } from '#proof/json'
import { FlatTree, type StateTree } from './tree/flat-tree.ts'

export interface UndoLimits {
  /** Blocks whose state can still be asked about (LEDGER.md §4). */
  readonly maxHeights: number
  /** Bytes, by estimate, that older versions may take beyond the newest; then the oldest go before their time. */
  readonly maxBytes: number
}

export const DEFAULT_UNDO_LIMITS: UndoLimits = { maxHeights: 1_000, maxBytes: 256 << 20 }

/** What a replaced value takes at about, with its key. */
const VALUE_BYTES = 600

interface Kept {
  readonly height: number
  readonly tree: StateTree
  /** What each key that this block changed held before; undefined: nothing, or it was not in memory. */
  readonly before: ReadonlyMap<string, Json | undefined>
  readonly bytes: number
}

/**
 * The state after each of the last blocks: the versions of the tree, which share what did not change, and the values that
 * were replaced. In memory only: after a restart it begins anew, and older facts are proved through `sys/history`.
 */
export class UndoLog {
  /** Heights rise, and every block between the first and the last that changed anything is here. */
  private kept: Kept[] = []
  private first = 0
  private bytes = 0

  constructor(private readonly limits: UndoLimits) {}

  get oldestHeight(): number | undefined {
    return this.kept[this.first]?.height
  }

  /** @param previous the state before this block, which is that after the height before it */
  push(height: number, previous: StateTree, tree: StateTree, before: ReadonlyMap<string, Json | undefined>): void {
    if (this.length === 0) this.kept.push({ height: height - 1, tree: previous, before: new Map(), bytes: 0 })
    const last = this.kept.at(-1)!
    if (height <= last.height) throw new Error(`block ${height} after block ${last.height}`)
    if (tree instanceof FlatTree) tree.keep()
    const bytes = (tree instanceof FlatTree ? tree.replacedBytes : 0) + before.size * VALUE_BYTES
    this.kept.push({ height, tree, before, bytes })
    this.bytes += bytes
    const { maxHeights, maxBytes } = this.limits
    while (this.length > 1 && (this.length > maxHeights + 1 || this.bytes > maxBytes)) this.dropOldest()
    if (this.first > 2_000) {
      this.kept = this.kept.slice(this.first)
      this.first = 0
    }
  }

  /** A block of no known height: nothing before it can be asked about any more. */
  clear(previous: StateTree, tree: StateTree): void {
    if (tree instanceof FlatTree) tree.keep()
    while (this.length > 1) this.dropOldest()
    release(previous, tree)
    this.kept = []
    this.first = 0
    this.bytes = 0
  }

  private get length(): number {
    return this.kept.length - this.first
  }

  private dropOldest(): void {
    const oldest = this.kept[this.first]!
    const next = this.kept[this.first + 1]!
    release(oldest.tree, next.tree)
    this.kept[this.first] = undefined as never
    this.first += 1
    // What a block replaced is needed to look behind it; behind the oldest nobody looks.
    this.bytes -= next.bytes
    this.kept[this.first] = { ...next, before: new Map(), bytes: 0 }
  }

  /** The tree after the block of this height; a height without a block of its own has the state of the one before. */
  treeAt(height: number): StateTree | undefined {
    const at = this.indexOf(height)
    return at === undefined ? undefined : this.kept[at]!.tree
  }

  /** What the first block after this height to change the key replaced; undefined when none did. */
  replacedAfter(height: number, key: string): { readonly value: Json | undefined } | undefined {
    const at = this.indexOf(height)
    if (at === undefined) return undefined
    for (let i = at + 1; i < this.kept.length; i += 1) {
      const { before } = this.kept[i]!
      if (before.has(key)) return { value: before.get(key) }
    }
    return undefined
  }

  private indexOf(height: number): number | undefined {
    let [low, high] = [this.first, this.kept.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.kept[middle]!.height <= height) low = middle + 1
      else high = middle
    }
    return low > this.first ? low - 1 : undefined
  }
}

function release(oldest: StateTree, next: StateTree): void {
  if (oldest === next) return
  if (oldest instanceof FlatTree && next instanceof FlatTree) FlatTree.letGo(oldest, next)
}
