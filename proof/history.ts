import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, type Hash } from './hash.ts'

/**
 * A Merkle mountain range over all blocks with commands (LEDGER.md §4). It stands in the state at `sys/history`, so that
 * one recent header proves every fact of the past: fact → roots of its block → history → state root.
 *   leaf  = SHA-256(0x03 ‖ height(8) ‖ command root ‖ event root ‖ result root)   105 bytes
 *   inner = SHA-256(left ‖ right)                                                  64 bytes
 */
export interface BlockRoots {
  readonly commandRoot: Hash
  readonly eventRoot: Hash
  readonly resultRoot: Hash
}

/** One peak for each binary digit 1 of the count, the largest mountain first. */
export interface History {
  readonly count: number
  readonly peaks: readonly Hash[]
}

export const EMPTY_HISTORY: History = { count: 0, peaks: [] }
export const HISTORY_KEY = 'sys/history'
export const blockKey = (height: number): string => `sys/block/${height}`

export function historyLeaf(height: number, { commandRoot, eventRoot, resultRoot }: BlockRoots): Hash {
  const head = new Uint8Array(9)
  head[0] = 0x03
  new DataView(head.buffer).setBigUint64(1, BigInt(height))
  return bytesToHex(sha256Bytes(concatBytes(head, ...[commandRoot, eventRoot, resultRoot].map(hexToBytes))))
}

const inner = (left: Hash, right: Hash): Hash =>
  bytesToHex(sha256Bytes(concatBytes(hexToBytes(left), hexToBytes(right))))

/** The history with one more leaf: mountains of one size merge as digits carry. */
export function extendHistory({ count, peaks }: History, leaf: Hash): History {
  const left = [...peaks]
  let node = leaf
  for (let digits = count; digits % 2 === 1; digits = Math.floor(digits / 2)) node = inner(left.pop()!, node)
  return { count: count + 1, peaks: [...left, node] }
}

/** Which mountain holds the leaf: its number among the peaks, its first leaf and its size. */
export function mountainOf(count: number, index: number): { peak: number; first: number; size: number } | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return undefined
  let size = 1
  while (size * 2 <= count) size *= 2
  for (let first = 0, rest = count, peak = 0; ; size /= 2) {
    if (size > rest) continue
    if (index < first + size) return { peak, first, size }
    first += size
    rest -= size
    peak += 1
  }
}

/** Whether the leaf stands at this index of the history. */
export function isInHistory({ count, peaks }: History, leaf: Hash, index: number, path: readonly Hash[]): boolean {
  const mountain = mountainOf(count, index)
  if (!mountain || 2 ** path.length !== mountain.size) return false
  let [node, at] = [leaf, index - mountain.first]
  for (const sibling of path) {
    node = at % 2 === 0 ? inner(node, sibling) : inner(sibling, node)
    at = Math.floor(at / 2)
  }
  return node === peaks[mountain.peak]
}
