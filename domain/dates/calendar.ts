import { addDays, addMonths, dateOf, dayNumber, endOfMonth, partsOf, weekday, type IsoDate } from '../date.ts'
import { CN_HOLIDAYS } from './data/cn-holidays.ts'

/**
 * Business-day calendars as versioned data. The interbank market works on make-up days (调休), the exchanges never on a
 * weekend; `weekends` knows no holidays at all.
 */
export type CalendarName = 'CN-interbank' | 'CN-exchange' | 'weekends'

export interface Calendar {
  readonly name: CalendarName
  /** Of the data, so that two parties can tell that they count with the same days. */
  readonly version: string
  /**
   * @throws CalendarError `OUT_OF_RANGE` for a year whose holidays the data do not hold
   */
  isBusinessDay(date: IsoDate): boolean
}

export class CalendarError extends Error {
  override readonly name = 'CalendarError'
  constructor(
    readonly code: 'OUT_OF_RANGE' | 'NO_BUSINESS_DAY',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

const isWeekend = (date: IsoDate): boolean => weekday(date) === 0 || weekday(date) === 6

const expand = (byYear: Readonly<Record<string, string>>): ReadonlySet<string> =>
  new Set(
    Object.entries(byYear).flatMap(([year, days]) =>
      days === '' ? [] : days.split(' ').map((day) => `${year}-${day}`),
    ),
  )

const holidays = expand(CN_HOLIDAYS.holidays)
const makeUpWorkdays = expand(CN_HOLIDAYS.makeUpWorkdays)

function checkYear(date: IsoDate): void {
  const { year } = partsOf(date)
  if (year >= CN_HOLIDAYS.firstYear && year <= CN_HOLIDAYS.lastYear) return
  throw new CalendarError('OUT_OF_RANGE', {
    date,
    known: `${CN_HOLIDAYS.firstYear} to ${CN_HOLIDAYS.lastYear}`,
    version: CN_HOLIDAYS.version,
  })
}

const calendars: Record<CalendarName, Calendar> = {
  'CN-interbank': {
    name: 'CN-interbank',
    version: CN_HOLIDAYS.version,
    isBusinessDay: (date) => {
      checkYear(date)
      return makeUpWorkdays.has(date) || (!isWeekend(date) && !holidays.has(date))
    },
  },
  'CN-exchange': {
    name: 'CN-exchange',
    version: CN_HOLIDAYS.version,
    isBusinessDay: (date) => {
      checkYear(date)
      return !isWeekend(date) && !holidays.has(date)
    },
  },
  weekends: { name: 'weekends', version: '1', isBusinessDay: (date) => !isWeekend(date) },
}

export const calendar = (name: CalendarName): Calendar => calendars[name]

export const BUSINESS_DAY_RULES = [
  'none',
  'following',
  'modified-following',
  'preceding',
  'modified-preceding',
  'end-of-month',
] as const

/** What a date that is no business day becomes. `modified-…` stays in the month; `end-of-month`: the month's last business day. */
export type BusinessDayRule = (typeof BUSINESS_DAY_RULES)[number]

/** Longer than any run of days off. */
const MOST_DAYS_OFF = 31

function seek(calendar: Calendar, date: IsoDate, step: 1 | -1): IsoDate {
  let moved = date
  for (let i = 0; i <= MOST_DAYS_OFF; i += 1, moved = addDays(moved, step)) {
    if (calendar.isBusinessDay(moved)) return moved
  }
  throw new CalendarError('NO_BUSINESS_DAY', { date, calendar: calendar.name })
}

const sameMonth = (a: IsoDate, b: IsoDate): boolean => a.slice(0, 7) === b.slice(0, 7)

export function adjust(date: IsoDate, rule: BusinessDayRule, calendar: Calendar): IsoDate {
  switch (rule) {
    case 'none':
      return date
    case 'following':
      return seek(calendar, date, 1)
    case 'preceding':
      return seek(calendar, date, -1)
    case 'modified-following': {
      const moved = seek(calendar, date, 1)
      return sameMonth(moved, date) ? moved : seek(calendar, date, -1)
    }
    case 'modified-preceding': {
      const moved = seek(calendar, date, -1)
      return sameMonth(moved, date) ? moved : seek(calendar, date, 1)
    }
    case 'end-of-month':
      return seek(calendar, endOfMonth(date), -1)
    default:
      throw new CalendarError('NO_BUSINESS_DAY', { rule: rule satisfies never })
  }
}

/** Whether a moved payment date also moves the end of the accrual period. */
export type AdjustmentScope = 'payment-only' | 'payment-and-accrual'

export interface AccrualPeriod {
  readonly accrualStart: IsoDate
  readonly accrualEnd: IsoDate
  readonly payment: IsoDate
}

/** Periods between unadjusted dates; the payment of each is adjusted, its accrual only if the scope says so. */
export function accrualPeriods(
  dates: readonly IsoDate[],
  rule: BusinessDayRule,
  calendar: Calendar,
  scope: AdjustmentScope,
): AccrualPeriod[] {
  const accrual = scope === 'payment-only' ? dates : dates.map((date) => adjust(date, rule, calendar))
  return dates.slice(1).map((date, i) => ({
    accrualStart: accrual[i]!,
    accrualEnd: accrual[i + 1]!,
    payment: adjust(date, rule, calendar),
  }))
}

/** n business days after (before, when negative) a date; for 0 the date itself, or the next business day. */
export function addBusinessDays(date: IsoDate, n: number, calendar: Calendar): IsoDate {
  if (n === 0) return seek(calendar, date, 1)
  const step = n > 0 ? 1 : -1
  let moved = date
  for (let left = Math.abs(n); left > 0; left -= 1) moved = seek(calendar, addDays(moved, step), step)
  return moved
}

/** Business days in [start, end): the count of BUS/252. */
export function businessDaysBetween(start: IsoDate, end: IsoDate, calendar: Calendar): number {
  let count = 0
  const days = dayNumber(end) - dayNumber(start)
  for (let i = 0, date = start; i < days; i += 1, date = addDays(date, 1)) if (calendar.isBusinessDay(date)) count += 1
  return count
}

/** Monthly anchors that stay on month ends when the first is one. */
export function monthlyDates(first: IsoDate, everyMonths: number, count: number, endOfMonthRule: boolean): IsoDate[] {
  const { year, month } = partsOf(first)
  const isEnd = first === endOfMonth(first)
  return Array.from({ length: count }, (_, i) =>
    endOfMonthRule && isEnd
      ? endOfMonth(addMonths(dateOf(year, month, 1), i * everyMonths))
      : addMonths(first, i * everyMonths),
  )
}
