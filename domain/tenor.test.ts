import { describe, expect, it } from 'vitest'
import { isoDate } from './date.ts'
import { capOn, tenorProblem, type TenorCap } from './tenor.ts'

const cap = (from: string, inPrincipleMonths: number, atMostMonths: number): TenorCap => ({
  from: isoDate(from),
  inPrincipleMonths,
  atMostMonths,
})
const CAPS = [cap('2027-01-01', 6, 6), cap('2025-06-15', 6, 12)]
const problem = (issued: string, maturity: string, hasReason = false) =>
  tenorProblem(CAPS, { issued: isoDate(issued), maturity: isoDate(maturity), hasReason })

describe('tenor', () => {
  it('counts calendar months to the day', () => {
    expect(problem('2026-03-15', '2026-09-15')).toBeUndefined()
    expect(problem('2026-03-15', '2026-09-16')).toBe('NEEDS_REASON')
    expect(problem('2026-03-15', '2026-09-16', true)).toBeUndefined()
    expect(problem('2026-03-15', '2027-03-15', true)).toBeUndefined()
    expect(problem('2026-03-15', '2027-03-16', true)).toBe('TOO_LONG')
    expect(problem('2026-08-31', '2027-02-28')).toBeUndefined()
    expect(problem('2026-08-31', '2027-03-01')).toBe('NEEDS_REASON')
  })

  it('follows the cap in force on the day of issue', () => {
    expect(problem('2026-12-31', '2027-12-31', true)).toBeUndefined()
    expect(problem('2027-01-01', '2027-07-02', true)).toBe('TOO_LONG')
    expect(problem('2025-06-14', '2025-07-14')).toBe('NO_CAP')
    expect(capOn(CAPS, isoDate('2027-05-01'))?.atMostMonths).toBe(6)
  })

  it('refuses a maturity on or before the issue', () => {
    expect(problem('2026-03-15', '2026-03-15')).toBe('NOT_AFTER_ISSUE')
    expect(problem('2026-03-15', '2026-03-14')).toBe('NOT_AFTER_ISSUE')
  })
})
