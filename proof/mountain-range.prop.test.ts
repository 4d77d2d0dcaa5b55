import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, sha256Hex, utf8ToBytes, type Hash } from './hash.ts'
import { EMPTY_HISTORY, extendHistory, isInHistory } from './history.ts'
import { MountainRange } from './mountain-range.ts'

const leafOf = (n: number): Hash => sha256Hex(utf8ToBytes(`leaf ${n}`))
const inner = (left: Hash, right: Hash): Hash =>
  bytesToHex(sha256Bytes(concatBytes(hexToBytes(left), hexToBytes(right))))

/** The model: everything folded anew, as the definition says it. */
function foldedPath(leaves: readonly Hash[], index: number): Hash[] {
  let [first, size] = [0, 1]
  while (size * 2 <= leaves.length) size *= 2
  while (index >= first + size || first + size > leaves.length) {
    if (first + size <= leaves.length) first += size
    size /= 2
  }
  let level = leaves.slice(first, first + size)
  const path: Hash[] = []
  for (let at = index - first; level.length > 1; at >>= 1) {
    path.push(level[at ^ 1]!)
    level = Array.from({ length: level.length / 2 }, (_, i) => inner(level[2 * i]!, level[2 * i + 1]!))
  }
  return path
}

describe('the nodes of a history, kept', () => {
  it('say what folding all leaves says, of every count that was and of every leaf', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (total, someCount, someIndex) => {
        const leaves = Array.from({ length: total }, (_, n) => leafOf(n))
        const range = MountainRange.of(leaves)
        expect(range.count).toBe(total)
        const count = 1 + (someCount % total)
        const index = someIndex % count
        const past = leaves.slice(0, count)
        const history = past.reduce(extendHistory, EMPTY_HISTORY)
        expect(range.leaf(index)).toBe(leaves[index])
        expect(range.historyAt(count)).toEqual(history)
        expect(range.path(index, count)).toEqual(foldedPath(past, index))
        expect(isInHistory(history, leaves[index]!, index, range.path(index, count))).toBe(true)
      }),
    )
  })

  it('refuse what is not there', () => {
    const range = MountainRange.of([0, 1, 2].map(leafOf))
    expect(new MountainRange().historyAt()).toEqual(EMPTY_HISTORY)
    for (const index of [-1, 3, 0.5, Number.NaN]) expect(() => range.path(index), String(index)).toThrow(RangeError)
    expect(() => range.path(2, 2)).toThrow(RangeError)
    for (const count of [-1, 4, 1.5]) expect(() => range.historyAt(count), String(count)).toThrow(RangeError)
    expect(() => range.leaf(3)).toThrow(RangeError)
    expect(() => range.append(new Uint8Array(31))).toThrow(RangeError)
  })
})
