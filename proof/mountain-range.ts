import { bytesToHex, hexToBytes, putSha256, type Hash } from './hash.ts'
import { mountainOf, type History } from './history.ts'

const NODE = 32

/** Nodes of one height above the leaves, one after another. Doubled when full, so an append copies O(1) on average. */
class Level {
  private bytes = new Uint8Array(NODE * 8)
  count = 0

  /** Room for one more node, which the caller writes. */
  grow(): { readonly bytes: Uint8Array; readonly offset: number } {
    const offset = this.count * NODE
    if (offset === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2)
      larger.set(this.bytes)
      this.bytes = larger
    }
    this.count += 1
    return { bytes: this.bytes, offset }
  }

  /** The last two nodes, as their parent is hashed from them. */
  lastPair(): Uint8Array {
    return this.bytes.subarray((this.count - 2) * NODE, this.count * NODE)
  }

  node(index: number): Hash {
    return bytesToHex(this.bytes.subarray(index * NODE, (index + 1) * NODE))
  }
}

/**
 * The nodes of a history (./history.ts): a node that stands is never changed by what is appended, so they are kept level
 * by level, each hashed once. A leaf costs one more hash on average and 64 bytes, up to twice as many after a level was
 * doubled; peaks and paths, of any earlier count too, are read without hashing.
 */
export class MountainRange {
  private readonly levels: Level[] = []

  static of(leaves: readonly Hash[]): MountainRange {
    const range = new MountainRange()
    for (const leaf of leaves) range.append(hexToBytes(leaf))
    return range
  }

  get count(): number {
    return this.levels[0]?.count ?? 0
  }

  /** @param leaf 32 bytes, which are copied */
  append(leaf: Uint8Array): void {
    if (leaf.length !== NODE) throw new RangeError(`a leaf of ${leaf.length} bytes`)
    const { bytes, offset } = this.levelAt(0).grow()
    bytes.set(leaf, offset)
    for (let up = 0; this.levels[up]!.count % 2 === 0; up += 1) {
      const pair = this.levels[up]!.lastPair()
      const above = this.levelAt(up + 1).grow()
      putSha256(pair, above.bytes, above.offset)
    }
  }

  private levelAt(up: number): Level {
    return (this.levels[up] ??= new Level())
  }

  leaf(index: number): Hash {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no leaf ${index}`)
    return this.levels[0]!.node(index)
  }

  /** The history as it was with so many leaves. @throws RangeError when there are not so many */
  historyAt(count = this.count): History {
    this.checkCount(count)
    const peaks: Hash[] = []
    for (let first = 0; first < count;) {
      const { size } = mountainOf(count, first)!
      const up = Math.log2(size)
      peaks.push(this.levels[up]!.node(first / size))
      first += size
    }
    return { count, peaks }
  }

  /** Siblings of a leaf from below up to its peak, as `isInHistory` takes them. @throws RangeError when there is no such leaf */
  path(index: number, count = this.count): readonly Hash[] {
    this.checkCount(count)
    const mountain = mountainOf(count, index)
    if (!mountain) throw new RangeError(`no leaf ${index} of ${count}`)
    const path: Hash[] = []
    for (let up = 0, at = index; 2 ** up < mountain.size; up += 1, at = Math.floor(at / 2)) {
      path.push(this.levels[up]!.node(at % 2 === 0 ? at + 1 : at - 1))
    }
    return path
  }

  private checkCount(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0 || count > this.count) {
      throw new RangeError(`${count} leaves of ${this.count}`)
    }
  }
}
