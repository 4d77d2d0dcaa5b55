import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocateLargestRemainder } from './allocation.ts'
import { fenFromYuan, mulDiv, parseFen, sumFen, yuanFromFen, type Rounding } from './money.ts'

const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })
const positive = fc.bigInt({ min: 1n, max: 10n ** 12n })

describe('mulDiv', () => {
  it('is within one of the exact quotient, on the side its rounding says', () => {
    const roundings: Rounding[] = ['floor', 'ceil', 'truncate', 'half-up', 'half-even']
    fc.assert(
      fc.property(amount, amount, positive, fc.constantFrom(...roundings), (a, n, d, rounding) => {
        const error = mulDiv(a, n, d, rounding) * d - a * n
        const size = error < 0n ? -error : error
        expect(size < d).toBe(true)
        if (rounding === 'floor') expect(error <= 0n).toBe(true)
        if (rounding === 'ceil') expect(error >= 0n).toBe(true)
        if (rounding.startsWith('half')) expect(size * 2n <= d).toBe(true)
      }),
    )
  })
  it('rounds halves as named', () => {
    expect([5n, -5n, 15n].map((x) => mulDiv(x, 1n, 10n, 'half-up'))).toEqual([1n, -1n, 2n])
    expect([5n, -5n, 15n].map((x) => mulDiv(x, 1n, 10n, 'half-even'))).toEqual([0n, 0n, 2n])
  })
})

describe('yuan and fen', () => {
  it('are one another’s inverse', () => {
    fc.assert(
      fc.property(amount, (fen) => {
        expect(fenFromYuan(yuanFromFen(fen))).toBe(fen)
      }),
    )
  })
  it('refuse other spellings', () => {
    for (const text of ['1.0', '01', '+1', '', '1e3', '-0', ' 1']) expect(() => parseFen(text)).toThrow('NOT_FEN')
  })
})

describe('largest remainder', () => {
  const sharers = fc.uniqueArray(
    fc.record({ key: fc.string({ minLength: 1, maxLength: 5 }), weight: fc.bigInt({ min: 0n, max: 10n ** 9n }) }),
    { selector: ({ key }) => key, minLength: 1, maxLength: 20 },
  )
  it('conserves, pays no zero share, stays within one fen of the exact share, and ignores the order given', () => {
    fc.assert(
      fc.property(positive, sharers, (total, list) => {
        const weights = sumFen(list.map(({ weight }) => weight))
        fc.pre(weights > 0n)
        const shares = allocateLargestRemainder(total, list)
        expect(sumFen(shares.values())).toBe(total)
        for (const { key, weight } of list) {
          const share = shares.get(key) ?? 0n
          expect(share === 0n).toBe(!shares.has(key))
          const error = share * weights - total * weight
          expect((error < 0n ? -error : error) < weights).toBe(true)
        }
        expect([...allocateLargestRemainder(total, [...list].reverse())].sort()).toEqual([...shares].sort())
      }),
    )
  })
})
