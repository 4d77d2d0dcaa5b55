import { describe, expect, it } from 'vitest'
import { firstDifference } from './compare.ts'

const exact = { defaultTolerance: 1e-9 }

describe('comparing a result with what a case expects', () => {
  it('walks expected in order and names the first difference', () => {
    const expected = { a: 1, b: { c: [1, 2, 3] }, d: 'x' }
    expect(firstDifference(expected, { ...expected, more: 1 }, exact)).toBeUndefined()
    expect(firstDifference(expected, { a: 1, b: { c: [1, 5, 3] }, d: 'y' }, exact)).toEqual({
      pointer: '/b/c/1',
      expected: 2,
      got: 5,
    })
    expect(firstDifference(expected, { a: 1, b: { c: [1, 2, 3] } }, exact)?.pointer).toBe('/d')
  })
  it('wants arrays of equal length', () => {
    expect(firstDifference([1, 2], [1], exact)).toEqual({ pointer: '/1', expected: 2, got: undefined })
    expect(firstDifference([1], [1, 2], exact)).toEqual({ pointer: '/1', expected: undefined, got: 2 })
    expect(firstDifference([1, 2], [1], { ...exact, ignore: ['/1'] })?.pointer).toBe('/1')
  })
  it('finds table columns by name and points by the numbers of expected', () => {
    const expected = { columns: ['date', 'cash'], rows: [['2026-01-01', 5]] }
    const got = { columns: ['cash', 'extra', 'date'], rows: [[5, 1, '2026-01-01']] }
    expect(firstDifference(expected, got, exact)).toBeUndefined()
    expect(firstDifference(expected, { ...got, rows: [[6, 1, '2026-01-01']] }, exact)?.pointer).toBe('/rows/0/1')
    expect(firstDifference(expected, { ...got, rows: [] }, exact)?.pointer).toBe('/rows/0')
    expect(firstDifference(expected, { columns: ['date'], rows: [['2026-01-01']] }, exact)?.pointer).toBe('/columns/1')
  })
  it('leaves out ignored places and everything under them', () => {
    const expected = { t: { columns: ['a', 'b'], rows: [[1, 2], [3, 4]] } } // prettier-ignore
    const got = { t: { columns: ['a', 'b'], rows: [[1, 9], [3, 9]] } } // prettier-ignore
    expect(firstDifference(expected, got, { ...exact, ignore: ['/t/rows/*/1'] })).toBeUndefined()
    expect(firstDifference(expected, got, { ...exact, ignore: ['/t/rows/0/1'] })?.pointer).toBe('/t/rows/1/1')
    expect(firstDifference(expected, got, { ...exact, ignore: ['/t'] })).toBeUndefined()
  })
  it('takes the tolerance of the longest pointer, then of the one with fewer stars', () => {
    const far = (tolerance: Record<string, number>) =>
      firstDifference({ a: { b: 1 } }, { a: { b: 1.5 } }, { ...exact, tolerance })?.pointer
    expect(far({})).toBe('/a/b')
    expect(far({ '': 1 })).toBeUndefined()
    expect(far({ '': 1, '/a': 0.1 })).toBe('/a/b')
    expect(far({ '/*/b': 1, '/a/b': 0.1 })).toBe('/a/b')
    expect(far({ '/*/b': 0.1, '/a/*': 0.1, '/a/b': 1 })).toBeUndefined()
  })
  it('never takes a number for its text, null for nothing, or NaN for anything', () => {
    expect(firstDifference(1, '1', exact)).toBeDefined()
    expect(firstDifference(null, undefined, exact)).toBeDefined()
    expect(firstDifference(null, null, exact)).toBeUndefined()
    expect(firstDifference(1, Number.NaN, exact)).toBeDefined()
    expect(firstDifference({ toString: 1 }, {}, exact)?.got).toBeUndefined()
  })
})
