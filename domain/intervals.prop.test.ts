import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cut, IntervalError, partitions, sizeOf, wholeOf } from './intervals.ts'

const sizes = fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { minLength: 1, maxLength: 50 })
const start = fc.bigInt({ min: 1n, max: 10n ** 15n })
const code = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return error instanceof IntervalError ? [error.code, error.details] : error
  }
}

describe('cut', () => {
  it('partitions the whole into parts of the sizes asked for, in their order', () => {
    fc.assert(
      fc.property(start, sizes, (from, parts) => {
        const whole = { from, to: from + parts.reduce((a, b) => a + b, 0n) - 1n }
        const pieces = cut(whole, parts)
        expect(pieces.map(sizeOf)).toEqual(parts)
        expect(partitions(whole, pieces)).toBe(true)
        expect(partitions(whole, [...pieces].reverse())).toBe(true)
        expect(partitions(whole, pieces.slice(1))).toBe(false)
        expect(partitions(whole, [...pieces, pieces[0]!])).toBe(false)
      }),
    )
  })

  it('refuses parts that do not sum and parts of nothing', () => {
    const whole = wholeOf(100_000_000n)
    expect(code(() => cut(whole, [60_000_000n, 30_000_000n, 9_999_999n]))).toEqual([
      'PARTS_DO_NOT_SUM',
      { want: '100000000', got: '99999999' },
    ])
    expect(code(() => cut(whole, [100_000_000n, 0n]))).toEqual(['PART_NOT_POSITIVE', { index: '1', size: '0' }])
    expect(code(() => cut(whole, [100_000_001n, -1n]))).toEqual(['PART_NOT_POSITIVE', { index: '1', size: '-1' }])
    expect(code(() => wholeOf(0n))).toEqual(['PART_NOT_POSITIVE', { size: '0' }])
  })
})
