import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { BlockHeader } from '#proof/block'
import { useSha256 } from '#proof/hash'
import { EMPTY_HISTORY, extendHistory, historyLeaf, isInHistory, type History } from '#proof/history'
import { nativeSha256 as native } from '../application/verify-native.ts'
import { BlockHistory, GROUP, type HistoryRows, type StoredGroup } from './block-history.ts'

const digit = (n: number) => n.toString(16).padStart(64, '0')
/** Heights with gaps, as heights of consensus without commands leave them. */
const heightOf = (n: number) => 1 + n * 3 + (n % 2)
const headerOf = (n: number) =>
  ({ height: heightOf(n), commandRoot: digit(3 * n), eventRoot: digit(3 * n + 1), resultRoot: digit(3 * n + 2) }) as BlockHeader // prettier-ignore

/** The block log of a node, and how much of it is read. */
class Rows implements HistoryRows {
  groups: StoredGroup[] = []
  headersRead = 0
  constructor(public headers: BlockHeader[]) {}

  private give(headers: BlockHeader[]): BlockHeader[] {
    this.headersRead += headers.length
    return headers
  }

  async *headersAfter(height: number) {
    const after = this.headers.filter((one) => one.height > height)
    for (let at = 0; at < after.length; at += 5_000) {
      await Promise.resolve()
      yield this.give(after.slice(at, at + 5_000))
    }
  }

  headersBetween(first: number, last: number) {
    return Promise.resolve(this.give(this.headers.filter(({ height }) => height >= first && height <= last)))
  }

  async *historyGroups() {
    await Promise.resolve()
    yield this.groups
  }

  putHistoryGroups(from: number, groups: readonly StoredGroup[]) {
    groups.forEach((group, n) => (this.groups[from + n] ??= group))
    return Promise.resolve()
  }

  dropHistoryGroups() {
    this.groups = []
    return Promise.resolve()
  }
}

const same = (want: History) => (history: History) => JSON.stringify(history) === JSON.stringify(want)
const leafOf = (header: BlockHeader) => historyLeaf(header.height, header)
const folded = (headers: readonly BlockHeader[]) => headers.map(leafOf).reduce(extendHistory, EMPTY_HISTORY)

async function expectPlace(history: BlockHistory, headers: readonly BlockHeader[], index: number, upTo: number) {
  const header = headers[index]!
  const want = folded(headers.filter(({ height }) => height <= upTo))
  const place = await history.placeOf(header.height, upTo, same(want))
  const { commandRoot, eventRoot, resultRoot, height } = header
  expect(place).toMatchObject({ height, commandRoot, eventRoot, resultRoot, index, history: want })
  expect(isInHistory(want, leafOf(header), index, place.path)).toBe(true)
}

describe('the history of a node', () => {
  it('has every block at its place in the history of every later height, before and after a start', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 * GROUP }),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 6 }),
        async (total, asked) => {
          const all = Array.from({ length: total }, (_, n) => headerOf(n))
          const rows = new Rows([])
          let history = new BlockHistory(rows)
          for (const [some, other, startsAgain] of asked) {
            const index = some % total
            const upTo = heightOf(index) + (other % (heightOf(total - 1) + 3 - heightOf(index)))
            // The log grows; a node never asks about what it has not stored.
            const stored = Math.max(rows.headers.length, all.filter(({ height }) => height <= upTo).length)
            rows.headers = all.slice(0, stored)
            if (startsAgain) history = new BlockHistory(rows)
            await expectPlace(history, all, index, upTo)
          }
        },
      ),
      { numRuns: 50 },
    )
  }, 120_000)

  it('remembers the groups and reads no header twice at the next start', async () => {
    const all = Array.from({ length: 4 * GROUP + 5 }, (_, n) => headerOf(n))
    const rows = new Rows(all)
    await expectPlace(new BlockHistory(rows), all, 3, heightOf(all.length - 1))
    expect(rows.groups).toHaveLength(4)
    rows.headersRead = 0
    await expectPlace(new BlockHistory(rows), all, 3, heightOf(all.length - 1))
    expect(rows.headersRead).toBe(5 + GROUP)
  })

  it('hands out nothing that does not lead to the state, and begins anew from the headers', async () => {
    const all = Array.from({ length: 3 * GROUP + 2 }, (_, n) => headerOf(n))
    const upTo = heightOf(all.length - 1)
    const rows = new Rows(all)
    await expectPlace(new BlockHistory(rows), all, 40, upTo)
    const good = rows.groups
    const damages: ((groups: StoredGroup[]) => void)[] = [
      (groups) => (groups[0] = { ...groups[0]!, node: digit(7) }),
      (groups) => (groups[1] = { ...groups[1]!, lastHeight: groups[1]!.lastHeight - 3 }),
      (groups) => groups.splice(0, 1),
    ]
    for (const damage of damages) {
      rows.groups = good.map((group) => ({ ...group }))
      damage(rows.groups)
      const history = new BlockHistory(rows)
      for (const index of [40, 0, GROUP - 1, 2 * GROUP, all.length - 1]) await expectPlace(history, all, index, upTo)
      expect(rows.groups).toEqual(good)
    }
    // One too many does no harm until the log comes there.
    const longer = Array.from({ length: 4 * GROUP + 2 }, (_, n) => headerOf(n))
    rows.groups.push({ lastHeight: upTo + 50, node: digit(1) })
    const history = new BlockHistory(rows)
    await expectPlace(history, all, 40, upTo)
    rows.headers = longer
    for (const last of [all.length + 3, longer.length - 1]) await expectPlace(history, longer, 40, heightOf(last))
    expect(rows.groups.slice(0, 3)).toEqual(good)
    expect(rows.groups[3]).not.toMatchObject({ node: digit(1) })
  })

  it('asked while blocks are missing it says so, and answers once they are there', async () => {
    const all = Array.from({ length: 2 * GROUP + 3 }, (_, n) => headerOf(n))
    const upTo = heightOf(all.length - 1)
    // As after a state sync: the last block is there, those before it are on their way.
    const rows = new Rows([...all.slice(0, 10), ...all.slice(-1)])
    const history = new BlockHistory(rows)
    await expect(history.placeOf(heightOf(5), upTo, same(folded(all)))).rejects.toMatchObject({ code: 'HISTORY_INCOMPLETE' }) // prettier-ignore
    rows.headers = all
    await expectPlace(history, all, 5, upTo)
  })

  it('knows no block 0', async () => {
    const rows = new Rows([headerOf(0)])
    const history = new BlockHistory(rows)
    await expect(history.placeOf(0, 1, () => true)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(rows.headersRead).toBe(0)
  })
})

describe('what a receipt costs', () => {
  afterEach(() => useSha256(native))

  it('is the same at a hundred thousand blocks as at a thousand: hashes, and headers read', async () => {
    let hashes = 0
    const counting = <A extends unknown[], R>(use: (...args: A) => R) => (...args: A): R => ((hashes += 1), use(...args)) // prettier-ignore
    const pairs = (input: Uint8Array, to: Uint8Array) => {
      hashes += input.length / 64
      native.pairs(input, to)
    }
    useSha256({ bytes: counting(native.bytes), hex: counting(native.hex), into: counting(native.into), pairs })
    const cost = async (blocks: number) => {
      const rows = new Rows(Array.from({ length: blocks }, (_, n) => headerOf(n)))
      const history = new BlockHistory(rows)
      const upTo = heightOf(blocks - 1)
      hashes = 0
      await history.placeOf(1, upTo, () => true)
      const first = hashes
      const worst = { hashes: 0, headers: 0 }
      for (let n = 0; n < 40; n += 1) {
        // From the whole of the log, and into the present and an older history.
        const index = (n * 7_919) % (blocks - 1)
        const [before, read] = [hashes, rows.headersRead]
        await history.placeOf(heightOf(index), n % 2 === 0 ? upTo : heightOf(index + Math.floor((blocks - index) / 2)), () => true) // prettier-ignore
        worst.hashes = Math.max(worst.hashes, hashes - before)
        worst.headers = Math.max(worst.headers, rows.headersRead - read)
      }
      return { first, worst }
    }
    const [small, large] = [await cost(1_000), await cost(100_000)]
    // Taking the blocks in: a leaf and less than one inner node each, and this receipt.
    expect(large.first).toBeGreaterThan(100_000)
    expect(large.first).toBeLessThan(2 * 100_000 + 4 * GROUP)
    for (const { worst } of [small, large]) {
      expect(worst.headers).toBeLessThanOrEqual(2 * GROUP)
      // Two groups with their inner nodes, and the check that the path leads to its peak.
      expect(worst.hashes).toBeGreaterThan(0)
      expect(worst.hashes).toBeLessThanOrEqual(4 * GROUP + 20)
    }
  }, 120_000)
})
