import { addDays, dateOf, dayNumber, daysBetween, daysInMonth, isLeapYear, partsOf, type IsoDate } from './date.ts'
import { add, negate, type Rate } from './rate.ts'

/**
 * Conventions for the fraction of a year between two dates. Definitions: ISDA 2006 §4.16 and, for the words that other
 * engines use, testdata/vectors/VOCABULARY.md, "DayCount". `30E_360_ISDA` and `BUS_252` need a context.
 */
export const DAY_COUNTS = [
  'ACT_ACT',
  'ACT_365F',
  'ACT_360',
  'ACT_365A',
  'ACT_365L',
  'NL_365',
  '30_360_ISDA',
  '30E_360',
  '30Ep_360',
  '30_360_German',
  '30_360_US',
] as const

export type DayCount = (typeof DAY_COUNTS)[number] | '30E_360_ISDA' | 'BUS_252'

export interface DayCountContext {
  /** 30E/360 ISDA: the end of February counts as the 30th unless it is this date. */
  readonly terminationDate?: IsoDate
  /** BUS/252: how many business days lie in [start, end). */
  readonly businessDaysBetween?: (start: IsoDate, end: IsoDate) => number
}

export class DayCountError extends Error {
  override readonly name = 'DayCountError'
  constructor(
    readonly code: 'CALENDAR_NEEDED' | 'UNKNOWN_DAY_COUNT',
    readonly dayCount: string,
  ) {
    super(`${code} ${dayCount}`)
  }
}

/**
 * The exact fraction of a year from `start` to `end`; negative when `end` comes first.
 * @throws DayCountError `CALENDAR_NEEDED` for BUS/252 without a calendar
 */
export function yearFraction(dayCount: DayCount, start: IsoDate, end: IsoDate, context: DayCountContext = {}): Rate {
  if (end < start) return negate(yearFraction(dayCount, end, start, context))
  const days = daysBetween(start, end)
  switch (dayCount) {
    case 'ACT_ACT':
      return actualActual(start, end)
    case 'ACT_365F':
      return over(days, 365)
    case 'ACT_360':
      return over(days, 360)
    case 'ACT_365A':
      return over(days, holdsLeapDay(start, end) ? 366 : 365)
    case 'ACT_365L':
      return over(days, isLeapYear(partsOf(end).year) ? 366 : 365)
    case 'NL_365':
      return over(holdsLeapDay(start, end) ? days - 1 : days, 365)
    case 'BUS_252':
      if (!context.businessDaysBetween) throw new DayCountError('CALENDAR_NEEDED', dayCount)
      return over(context.businessDaysBetween(start, end), 252)
    case '30_360_ISDA':
    case '30E_360':
    case '30Ep_360':
    case '30_360_German':
    case '30_360_US':
    case '30E_360_ISDA':
      return thirty(dayCount, start, end, context)
    default:
      throw new DayCountError('UNKNOWN_DAY_COUNT', dayCount satisfies never)
  }
}

const over = (days: number, basis: number): Rate => ({ numerator: BigInt(days), denominator: BigInt(basis) })

const yearLength = (year: number): number => (isLeapYear(year) ? 366 : 365)

/** ACT/ACT ISDA: the days of leap years over 366, the others over 365. */
function actualActual(start: IsoDate, end: IsoDate): Rate {
  const first = partsOf(start).year
  const last = partsOf(end).year
  if (first === last) return over(daysBetween(start, end), yearLength(first))
  const inFirst = over(daysBetween(start, dateOf(first, 12, 31)) + 1, yearLength(first))
  const inLast = over(daysBetween(dateOf(last, 1, 1), end), yearLength(last))
  return add(add(inFirst, inLast), over(last - first - 1, 1))
}

/** Whether a 29 February lies in [start, end], both included. */
function holdsLeapDay(start: IsoDate, end: IsoDate): boolean {
  for (let year = partsOf(start).year; year <= partsOf(end).year; year += 1) {
    if (!isLeapYear(year)) continue
    const leapDay = dateOf(year, 2, 29)
    if (start <= leapDay && leapDay <= end) return true
  }
  return false
}

const isEndOfFebruary = (year: number, month: number, day: number): boolean =>
  month === 2 && day === daysInMonth(year, 2)

type Thirty = Extract<DayCount, `30${string}`>

/** The 30/360 family: (360·Δy + 30·Δm + Δd) / 360 after each member's own changes of the two days. */
function thirty(dayCount: Thirty, start: IsoDate, end: IsoDate, { terminationDate }: DayCountContext): Rate {
  const a = partsOf(start)
  let b = partsOf(end)
  let d1 = a.day
  let d2 = b.day
  const startIsEnd = isEndOfFebruary(a.year, a.month, a.day)
  const endIsEnd = isEndOfFebruary(b.year, b.month, b.day)
  switch (dayCount) {
    case '30_360_ISDA':
      if (d1 === 31) d1 = 30
      if (d2 === 31 && d1 >= 30) d2 = 30
      break
    case '30E_360':
      if (d1 === 31) d1 = 30
      if (d2 === 31) d2 = 30
      break
    case '30Ep_360':
      if (d1 === 31) d1 = 30
      if (d2 === 31) {
        b = partsOf(addDays(end, 1))
        d2 = 1
      }
      break
    case '30_360_German':
      if (d1 === 31 || startIsEnd) d1 = 30
      if (d2 === 31 || endIsEnd) d2 = 30
      break
    case '30E_360_ISDA':
      if (d1 === 31 || startIsEnd) d1 = 30
      if (d2 === 31 || (endIsEnd && end !== terminationDate)) d2 = 30
      break
    case '30_360_US':
      if (endIsEnd && startIsEnd) d2 = 30
      if (d2 === 31 && d1 >= 30) d2 = 30
      if (d1 === 31 || startIsEnd) d1 = 30
      break
  }
  return over(360 * (b.year - a.year) + 30 * (b.month - a.month) + (d2 - d1), 360)
}

/** Actual days over 365 as a double, for discounting and estimates. */
export const yearsActual365 = (start: IsoDate, end: IsoDate): number => (dayNumber(end) - dayNumber(start)) / 365
