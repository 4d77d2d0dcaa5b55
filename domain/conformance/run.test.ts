import { describe, expect, it } from 'vitest'
import { outcomeLine, parseVectorFile, runCase, VectorFileError } from './run.ts'

const file = { profile: 'hastructure', compare: { tolerance: 1e-9 } }
const line = (input: Record<string, unknown>, more: Record<string, unknown> = {}): string =>
  outcomeLine(runCase({ id: 'c', input, expected: { values: [0.25] }, ...more }, file))

const item = { start: '2024-01-01', end: '2024-03-30', dayCount: '30E_360' }

describe('the conformance runner', () => {
  it('prints PASS, FAIL with the place, SKIP with the reason', () => {
    expect(line({ compute: 'yearFraction', items: [item] })).toBe(
      'FAIL c: /values/0 expected 0.25 got 0.24722222222222223',
    )
    expect(line({ compute: 'yearFraction', items: [{ ...item, end: '2024-04-01' }] })).toBe('PASS c')
    expect(line({ compute: 'yearFraction', items: [] })).toBe('FAIL c: /values/0 expected 0.25 got nothing')
    expect(line({ compute: 'nonsense' }, { disputed: true, why: 'out of scope' })).toBe('SKIP c: out of scope')
  })
  it('fails a key or a word that it does not know, at its place', () => {
    expect(line({ compute: 'yearFraction', items: [{ ...item, calendar: 'x' }] })).toBe('FAIL c: /input/items/0/calendar unknown key') // prettier-ignore
    expect(line({ compute: 'yearFraction', items: [{ ...item, dayCount: 'ACT_1' }] })).toBe('FAIL c: /input/items/0/dayCount unknown word "ACT_1"') // prettier-ignore
    expect(line({ compute: 'spread', items: [] })).toBe('FAIL c: /input/compute unknown word "spread"')
    expect(line({ compute: 'yearFraction', items: [], note: 1 })).toBe('FAIL c: /input/note unknown key')
  })
  it('tells an unknown key inside a union from the branch that was meant', () => {
    const range = { op: 'range', rangeType: 'II', start: '2024-01-01', end: '2024-02-01' }
    const dates = (entry: unknown): string => line({ compute: 'dates', items: [entry] })
    expect(dates({ ...range, pattern: { all: ['MonthEnd', { dayOfMonth: 3, adjust: 'F' }] } })).toBe(
      'FAIL c: /input/items/0/pattern/all/1/adjust unknown key',
    )
    expect(dates({ ...range, pattern: 'MonthMiddle' })).toBe(
      'FAIL c: /input/items/0/pattern unknown word "MonthMiddle"',
    )
    expect(dates({ ...range, pattern: { of: 'MonthEnd', businessDays: 2 } })).toContain('/pattern/businessDays unknown key') // prettier-ignore
    expect(dates({ op: 'lastN', n: 2 })).toBe('FAIL c: /input/items/0/op unknown word "lastN"')
    expect(dates({ ...range, rangeType: 'EI', pattern: 'MonthEnd' })).toContain('/rangeType unknown word "EI"')
  })
  it('names values of the wrong kind', () => {
    expect(line({ compute: 'yearFraction', items: [{ ...item, end: '2023-02-29' }] })).toContain('/input/items/0/end "2023-02-29", expected a date') // prettier-ignore
    expect(line({ compute: 'yearFraction', items: [{ start: '2024-01-01', end: '2024-01-02' }] })).toContain('/input/items/0/dayCount missing key') // prettier-ignore
    expect(outcomeLine(runCase({ id: 'c', input: { compute: 'yearFraction' }, expected: 1 }, { ...file, profile: 'other' }))).toBe('FAIL c: /profile unknown word "other"') // prettier-ignore
  })
  it('refuses a file of another shape', () => {
    expect(() => parseVectorFile({ profile: 'actus', cases: [] })).toThrow(VectorFileError)
    expect(parseVectorFile({ ...file, cases: [], meta: {}, conventions: [] }).cases).toEqual([])
  })
})
