import { describe, expect, it } from 'vitest'
import { isoDate } from '#domain/date'
import { monthlyTotals, poolAt, poolBalance, replayLoan } from '#domain/tape/replay'
import { readTape } from '#node/tape/read-tape'
import { SumTree } from '#proof/sum-tree'
import { PoolBook } from './pool-book.ts'
import { encodeMovements, encodePool, movementsBetween, poolAssets } from './pool-file.ts'

const DEAL = 'tape-2010'
const cutOff = isoDate('2010-12-31')
const secret = new Uint8Array(32).fill(7)
const tape = await readTape('testdata/tape/lc-2007-2010.csv.gz')
const pool = poolAt(tape.filter(({ issueDate }) => issueDate >= isoDate('2010-12-01')).map(replayLoan), cutOff)
const poolFile = encodePool(DEAL, cutOff, poolAssets(pool, cutOff, secret))

describe('a pool book', () => {
  it('follows the tape month by month to the fen', () => {
    const book = PoolBook.fromPoolFile(poolFile, DEAL)
    expect(book.currentFen).toBe(poolBalance(pool, cutOff))
    const expected = monthlyTotals(pool, cutOff)
    let after = cutOff
    for (const month of ['2011-01', '2011-02', '2011-03', '2011-04']) {
      const upTo = isoDate(`${month}-28`)
      const { totals, root } = book.apply(encodeMovements(DEAL, upTo, movementsBetween(pool, after, upTo, false)))
      expect(totals).toEqual({ ...expected.get(month), repurchase: 0n })
      expect(root.currentFen).toBe(poolBalance(pool, upTo))
      after = upTo
    }
  })

  it('gives the root that a tree built from scratch gives', () => {
    const book = PoolBook.fromPoolFile(poolFile, DEAL)
    const upTo = isoDate('2011-01-31')
    book.apply(encodeMovements(DEAL, upTo, movementsBetween(pool, cutOff, upTo, false)))
    const leaves = pool.map((_, slot) => book.proof(slot).leaf!)
    expect(SumTree.of(leaves).root()).toEqual(book.root)
  })

  it('is emptied by the clean-up, which is paid at the balance', () => {
    const book = PoolBook.fromPoolFile(poolFile, DEAL)
    const upTo = isoDate('2011-01-31')
    const { totals, root } = book.apply(encodeMovements(DEAL, upTo, movementsBetween(pool, cutOff, upTo, true)))
    expect(root.currentFen).toBe(0n)
    expect(totals.repurchase).toBe(poolBalance(pool, upTo))
  })

  it('refuses what does not add up and applies nothing of it', () => {
    const book = PoolBook.fromPoolFile(poolFile, DEAL)
    const before = book.root
    const upTo = isoDate('2011-01-31')
    const overpaid = encodeMovements(DEAL, upTo, [
      [0, '1', '0', '0', '0', '0', '0'],
      [1, '99999999999', '0', '0', '0', '0', '0'],
    ])
    expect(() => book.apply(overpaid)).toThrow('OVERPAID')
    expect(() => book.apply(encodeMovements(DEAL, upTo, [[pool.length, '1', '0', '0', '0', '0', '0']]))).toThrow(
      'UNKNOWN_SLOT',
    )
    expect(() => book.apply(encodeMovements(DEAL, cutOff, []))).toThrow('NOT_LATER')
    expect(() => book.apply(encodeMovements('another', upTo, []))).toThrow('line 1')
    expect(() => book.apply(encodeMovements(DEAL, upTo, []).slice(0, -1))).toThrow('cut off')
    const badRow = Buffer.from(
      Buffer.from(encodeMovements(DEAL, upTo, [[0, '1', '0', '0', '0', '0', '0']]))
        .toString()
        .replace('"1"', '"-1.5"'),
    )
    expect(() => book.apply(badRow)).toThrow('line 2')
    expect(book.root).toEqual(before)
  })
})
