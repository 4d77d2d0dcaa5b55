import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Hex, utf8ToBytes } from './hash.ts'
import { EMPTY_HISTORY, extendHistory, historyLeaf, isInHistory } from './history.ts'
import { MountainRange } from './mountain-range.ts'

const leafOf = (n: number) => {
  const root = (what: string) => sha256Hex(utf8ToBytes(`${what} ${n}`))
  return historyLeaf(n, { commandRoot: root('c'), eventRoot: root('e'), resultRoot: root('r') })
}

describe('history', () => {
  it('proves every block at its place, in every later history, and nowhere else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), (count) => {
        const leaves = Array.from({ length: count }, (_, n) => leafOf(n))
        const history = leaves.reduce(extendHistory, EMPTY_HISTORY)
        expect(history.count).toBe(count)
        expect(history.peaks).toHaveLength([...count.toString(2)].filter((digit) => digit === '1').length)
        const range = MountainRange.of(leaves)
        leaves.forEach((leaf, index) => {
          const path = range.path(index)
          expect(isInHistory(history, leaf, index, path)).toBe(true)
          expect(isInHistory(history, leafOf(count), index, path)).toBe(false)
          expect(isInHistory(history, leaf, index + 1, path)).toBe(false)
          expect(isInHistory(history, leaf, index ^ 1, path)).toBe(false)
          expect(isInHistory(history, leaf, index, [...path, leaf])).toBe(false)
          expect(isInHistory(history, leaf, index, path.slice(1))).toBe(path.length === 0)
        })
        expect(isInHistory(history, leafOf(0), -1, [])).toBe(false)
      }),
    )
  })
})
