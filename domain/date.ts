/**
 * Calendar dates without a clock or a time zone: a date is its ISO text (`2026-03-31`), which sorts as dates do, and
 * arithmetic goes through the day number (days since 1970-01-01, proleptic Gregorian), so no platform Date is involved.
 */
export type IsoDate = string & { readonly __brand: 'IsoDate' }

export class DateError extends Error {
  override readonly name = 'DateError'
  constructor(
    readonly code: 'NOT_A_DATE' | 'NOT_A_MONTH',
    readonly text: string,
  ) {
    super(`${code} ${JSON.stringify(text.slice(0, 40))}`)
  }
}

export const ISO_DATE_PATTERN = '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
const ISO_DATE = new RegExp(ISO_DATE_PATTERN)

export const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

export const daysInMonth = (year: number, month: number): number =>
  month === 2 ? (isLeapYear(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31

/** @throws DateError `NOT_A_DATE` for wrong form and for days that do not exist (2026-02-29) */
export function isoDate(text: string): IsoDate {
  if (typeof text !== 'string' || !ISO_DATE.test(text)) throw new DateError('NOT_A_DATE', String(text))
  const { year, month, day } = partsOf(text as IsoDate)
  if (day > daysInMonth(year, month)) throw new DateError('NOT_A_DATE', text)
  return text as IsoDate
}

export const isIsoDate = (text: string): text is IsoDate => {
  if (!ISO_DATE.test(text)) return false
  const { year, month, day } = partsOf(text as IsoDate)
  return day <= daysInMonth(year, month)
}

export interface DateParts {
  readonly year: number
  /** 1 to 12 */
  readonly month: number
  readonly day: number
}

/** Decimal digits of a text from one place to another (dates are parsed far too often for slices). */
const digits = (text: string, from: number, to: number): number => {
  let value = 0
  for (let i = from; i < to; i += 1) value = value * 10 + text.charCodeAt(i) - 48
  return value
}

export const partsOf = (date: IsoDate): DateParts => ({
  year: digits(date, 0, 4),
  month: digits(date, 5, 7),
  day: digits(date, 8, 10),
})

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

/** Assembles a date; the day is clipped to the end of the month. */
export const dateOf = (year: number, month: number, day: number): IsoDate =>
  `${pad(year, 4)}-${pad(month, 2)}-${pad(Math.min(day, daysInMonth(year, month)), 2)}` as IsoDate

/** Days since 1970-01-01. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
export function dayNumber(date: IsoDate): number {
  const { year, month, day } = partsOf(date)
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

/** The date of a day number. Source: as `dayNumber`, civil_from_days. */
export function dateFromDayNumber(days: number): IsoDate {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const mp = Math.floor((5 * dayOfYear + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  return dateOf(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - Math.floor((153 * mp + 2) / 5) + 1)
}

export const addDays = (date: IsoDate, days: number): IsoDate => dateFromDayNumber(dayNumber(date) + days)

/** Actual days from `start` (included) to `end` (excluded). */
export const daysBetween = (start: IsoDate, end: IsoDate): number => dayNumber(end) - dayNumber(start)

/** The same day some months later, clipped to the end of a short month (31 January + 1 month = 28 or 29 February). */
export function addMonths(date: IsoDate, months: number): IsoDate {
  const { year, month, day } = partsOf(date)
  const index = year * 12 + (month - 1) + months
  return dateOf(Math.floor(index / 12), (((index % 12) + 12) % 12) + 1, day)
}

export const endOfMonth = (date: IsoDate): IsoDate => {
  const { year, month } = partsOf(date)
  return dateOf(year, month, 31)
}

/** 0 Sunday … 6 Saturday. */
export const weekday = (date: IsoDate): number => (((dayNumber(date) + 4) % 7) + 7) % 7
