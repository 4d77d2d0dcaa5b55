import { describe, expect, it } from 'vitest'
import { addDays, addMonths, dateFromDayNumber, dayNumber, daysBetween, endOfMonth, isoDate, weekday } from './date.ts'

describe('dates', () => {
  it('goes to day numbers and back for every day of four centuries', () => {
    for (let n = -3000; n < 60_000; n += 1) expect(dayNumber(dateFromDayNumber(n))).toBe(n)
    expect(dayNumber(isoDate('1970-01-01'))).toBe(0)
    expect(dayNumber(isoDate('2026-11-23'))).toBe(Date.UTC(2026, 10, 23) / 86_400_000)
  })
  it('clips to the end of short months', () => {
    expect(addMonths(isoDate('2023-01-31'), 1)).toBe('2023-02-28')
    expect(addMonths(isoDate('2024-03-31'), -1)).toBe('2024-02-29')
    expect(addMonths(isoDate('2024-01-15'), -13)).toBe('2022-12-15')
    expect(endOfMonth(isoDate('2024-02-03'))).toBe('2024-02-29')
  })
  it('counts days and weekdays', () => {
    expect(daysBetween(isoDate('2024-02-28'), isoDate('2024-03-01'))).toBe(2)
    expect(addDays(isoDate('2024-12-31'), 1)).toBe('2025-01-01')
    expect(weekday(isoDate('2026-11-23'))).toBe(1)
  })
  it('refuses what is no date', () => {
    for (const text of ['2026-02-29', '2026-13-01', '26-01-01', '2026-1-1', ''])
      expect(() => isoDate(text)).toThrow('NOT_A_DATE')
  })
})
