import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { yearFraction } from '../day-count.ts'
import { rateToNumber } from '../rate.ts'
import { accrualPeriods, addBusinessDays, adjust, businessDaysBetween, calendar, monthlyDates } from './calendar.ts'

const interbank = calendar('CN-interbank')
const exchange = calendar('CN-exchange')
const d = isoDate

describe('calendars', () => {
  it('works on a make-up Saturday between banks and not on the exchanges', () => {
    // 2024-02-04 (Sunday) and 2024-02-18 (Sunday) were worked for the Spring Festival (State Council notice, 2023-10-25).
    for (const day of ['2024-02-04', '2024-02-18']) {
      expect(interbank.isBusinessDay(d(day))).toBe(true)
      expect(exchange.isBusinessDay(d(day))).toBe(false)
    }
    for (const day of ['2024-02-10', '2024-02-12', '2024-10-01', '2024-10-07']) {
      expect(interbank.isBusinessDay(d(day))).toBe(false)
      expect(exchange.isBusinessDay(d(day))).toBe(false)
    }
    expect(calendar('weekends').isBusinessDay(d('2024-10-01'))).toBe(true)
    expect(calendar('weekends').isBusinessDay(d('2024-10-05'))).toBe(false)
  })
  it('says which years it knows instead of guessing', () => {
    expect(() => exchange.isBusinessDay(d('1990-01-01'))).toThrow('OUT_OF_RANGE')
    expect(() => exchange.isBusinessDay(d('2090-01-01'))).toThrow('OUT_OF_RANGE')
    expect(calendar('weekends').isBusinessDay(d('2090-01-02'))).toBe(true)
  })
})

describe('business-day rules', () => {
  it('moves forward, back, or within the month', () => {
    const saturday = d('2024-08-31')
    expect(adjust(saturday, 'none', exchange)).toBe('2024-08-31')
    expect(adjust(saturday, 'following', exchange)).toBe('2024-09-02')
    expect(adjust(saturday, 'modified-following', exchange)).toBe('2024-08-30')
    expect(adjust(saturday, 'preceding', exchange)).toBe('2024-08-30')
    const sunday = d('2024-09-01')
    expect(adjust(sunday, 'preceding', exchange)).toBe('2024-08-30')
    expect(adjust(sunday, 'modified-preceding', exchange)).toBe('2024-09-02')
    expect(adjust(sunday, 'end-of-month', exchange)).toBe('2024-09-30')
    expect(adjust(d('2024-10-03'), 'following', exchange)).toBe('2024-10-08')
  })
  it('moves the payment alone, or the accrual too', () => {
    const dates = [d('2024-07-31'), d('2024-08-31'), d('2024-09-30')]
    const alone = accrualPeriods(dates, 'following', exchange, 'payment-only')
    expect(alone[0]).toEqual({ accrualStart: '2024-07-31', accrualEnd: '2024-08-31', payment: '2024-09-02' })
    const both = accrualPeriods(dates, 'following', exchange, 'payment-and-accrual')
    expect(both[0]).toEqual({ accrualStart: '2024-07-31', accrualEnd: '2024-09-02', payment: '2024-09-02' })
    expect(both[1]?.accrualStart).toBe('2024-09-02')
  })
  it('counts business days', () => {
    expect(addBusinessDays(d('2024-09-30'), 1, exchange)).toBe('2024-10-08')
    expect(addBusinessDays(d('2024-10-08'), -1, exchange)).toBe('2024-09-30')
    expect(addBusinessDays(d('2024-10-01'), 0, exchange)).toBe('2024-10-08')
    expect(businessDaysBetween(d('2024-09-27'), d('2024-10-08'), exchange)).toBe(2)
    const fraction = yearFraction('BUS_252', d('2024-09-27'), d('2024-10-08'), {
      businessDaysBetween: (a, b) => businessDaysBetween(a, b, exchange),
    })
    expect(rateToNumber(fraction)).toBeCloseTo(2 / 252, 12)
    expect(() => yearFraction('BUS_252', d('2024-01-01'), d('2024-02-01'))).toThrow('CALENDAR_NEEDED')
  })
  it('keeps month ends', () => {
    expect(monthlyDates(d('2023-02-28'), 1, 3, true)).toEqual(['2023-02-28', '2023-03-31', '2023-04-30'])
    expect(monthlyDates(d('2023-02-28'), 1, 3, false)).toEqual(['2023-02-28', '2023-03-28', '2023-04-28'])
  })
})

describe('day counts beyond the vectors', () => {
  const f = (name: Parameters<typeof yearFraction>[0], a: string, b: string, terminationDate?: string) =>
    rateToNumber(yearFraction(name, d(a), d(b), terminationDate ? { terminationDate: d(terminationDate) } : {}))
  it('follows ISDA 2006 for 30E/360 ISDA: the end of February is the 30th unless it is the termination date', () => {
    expect(f('30E_360_ISDA', '2024-01-31', '2024-02-29')).toBeCloseTo(30 / 360, 12)
    expect(f('30E_360_ISDA', '2024-01-31', '2024-02-29', '2024-02-29')).toBeCloseTo(29 / 360, 12)
    expect(f('30_360_German', '2024-01-31', '2024-02-29')).toBeCloseTo(30 / 360, 12)
  })
  it('tells the members of the 30/360 family apart', () => {
    expect(f('30_360_US', '2023-02-28', '2024-02-29')).toBeCloseTo(1, 12)
    expect(f('30E_360', '2023-02-28', '2024-02-29')).toBeCloseTo(361 / 360, 12)
    expect(f('30_360_US', '2024-02-29', '2024-03-31')).toBeCloseTo(31 / 360, 12)
    expect(f('30_360_ISDA', '2024-02-28', '2024-03-31')).toBeCloseTo(33 / 360, 12)
    expect(f('30Ep_360', '2024-01-15', '2024-01-31')).toBeCloseTo(16 / 360, 12)
  })
  it('is negative backwards', () => {
    expect(f('ACT_ACT', '2024-06-01', '2023-06-01')).toBeCloseTo(-f('ACT_ACT', '2023-06-01', '2024-06-01'), 15)
  })
})
