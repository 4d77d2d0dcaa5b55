import {
  addDays,
  addMonths,
  dateFromDayNumber,
  dateOf,
  dayNumber,
  endOfMonth,
  partsOf,
  weekday,
  type IsoDate,
} from '../date.ts'

/** Named sequences. `QuarterFirst` is 1 March, June, September, December, as the vectors define it. */
export const DATE_NAMES = ['MonthFirst', 'MonthEnd', 'QuarterFirst', 'QuarterEnd', 'YearFirst', 'YearEnd'] as const
export type DateName = (typeof DATE_NAMES)[number]

/** A rule that yields dates; testdata/vectors/VOCABULARY.md, "Pattern", defines each form. */
export type Pattern =
  | DateName
  | { readonly dayOfMonth: number }
  | { readonly weekday: number }
  | { readonly monthDay: readonly [number, number] }
  | { readonly everyNMonth: number; readonly anchor: IsoDate }
  | { readonly custom: readonly IsoDate[] }
  | { readonly all: readonly Pattern[] }
  | { readonly exclude: Pattern; readonly remove: readonly Pattern[] }
  | { readonly offsetDays: number; readonly of: Pattern }
  | { readonly startsAt: IsoDate; readonly inclusive: boolean; readonly of: Pattern }
  | { readonly endsAt: IsoDate; readonly inclusive: boolean; readonly of: Pattern }

export class PatternError extends Error {
  override readonly name = 'PatternError'
  constructor(
    readonly code: 'BAD_PATTERN' | 'TOO_FEW_DATES',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/**
 * The pattern's dates in [start, end], both included, sorted and without duplicates. An offset moves dates after they
 * were generated, so it may carry one past the ends.
 * @throws PatternError `BAD_PATTERN` for a day, weekday, month or step that does not exist
 */
export function patternDates(pattern: Pattern, start: IsoDate, end: IsoDate): IsoDate[] {
  if (start > end) return []
  if (typeof pattern === 'string') return named(pattern, start, end)
  if ('dayOfMonth' in pattern) {
    whole(pattern.dayOfMonth, 1, 31, 'dayOfMonth')
    return monthly(start, end, (year, month) => dateOf(year, month, pattern.dayOfMonth))
  }
  if ('weekday' in pattern) {
    whole(pattern.weekday, 0, 6, 'weekday')
    return weekly(pattern.weekday, start, end)
  }
  if ('monthDay' in pattern) {
    const [wanted, day] = pattern.monthDay
    whole(wanted, 1, 12, 'monthDay/0')
    whole(day, 1, 31, 'monthDay/1')
    return monthly(start, end, (year, month) => (month === wanted ? dateOf(year, month, day) : undefined))
  }
  if ('everyNMonth' in pattern) return everyNMonth(pattern.everyNMonth, pattern.anchor, start, end)
  if ('custom' in pattern) return sortedUnique(pattern.custom.filter((date) => start <= date && date <= end))
  if ('all' in pattern) return sortedUnique(pattern.all.flatMap((inner) => patternDates(inner, start, end)))
  if ('exclude' in pattern) {
    const removed = new Set(pattern.remove.flatMap((inner) => patternDates(inner, start, end)))
    return patternDates(pattern.exclude, start, end).filter((date) => !removed.has(date))
  }
  const inner = patternDates(pattern.of, start, end)
  if ('offsetDays' in pattern) return inner.map((date) => addDays(date, pattern.offsetDays))
  if ('startsAt' in pattern) {
    return inner.filter((date) => date > pattern.startsAt || (pattern.inclusive && date === pattern.startsAt))
  }
  return inner.filter((date) => date < pattern.endsAt || (pattern.inclusive && date === pattern.endsAt))
}

function named(name: DateName, start: IsoDate, end: IsoDate): IsoDate[] {
  const quarterMonth = (month: number): boolean => month % 3 === 0
  switch (name) {
    case 'MonthFirst':
      return monthly(start, end, (year, month) => dateOf(year, month, 1))
    case 'MonthEnd':
      return monthly(start, end, (year, month) => dateOf(year, month, 31))
    case 'QuarterFirst':
      return monthly(start, end, (year, month) => (quarterMonth(month) ? dateOf(year, month, 1) : undefined))
    case 'QuarterEnd':
      return monthly(start, end, (year, month) => (quarterMonth(month) ? dateOf(year, month, 31) : undefined))
    case 'YearFirst':
      return monthly(start, end, (year, month) => (month === 1 ? dateOf(year, 1, 1) : undefined))
    case 'YearEnd':
      return monthly(start, end, (year, month) => (month === 12 ? dateOf(year, 12, 31) : undefined))
    default:
      throw new PatternError('BAD_PATTERN', { name: name satisfies never })
  }
}

function monthly(
  start: IsoDate,
  end: IsoDate,
  dateIn: (year: number, month: number) => IsoDate | undefined,
): IsoDate[] {
  const dates: IsoDate[] = []
  for (let first = dateOf(partsOf(start).year, partsOf(start).month, 1); first <= end; first = addMonths(first, 1)) {
    const { year, month } = partsOf(first)
    const date = dateIn(year, month)
    if (date !== undefined && start <= date && date <= end) dates.push(date)
  }
  return dates
}

function weekly(day: number, start: IsoDate, end: IsoDate): IsoDate[] {
  const dates: IsoDate[] = []
  const last = dayNumber(end)
  for (let n = dayNumber(start) + ((day - weekday(start) + 7) % 7); n <= last; n += 7) dates.push(dateFromDayNumber(n))
  return dates
}

function everyNMonth(step: number, anchor: IsoDate, start: IsoDate, end: IsoDate): IsoDate[] {
  whole(step, 1, 1200, 'everyNMonth')
  const dates: IsoDate[] = []
  for (let k = 0, date = anchor; date <= end; k += 1, date = addMonths(anchor, k * step)) {
    if (date >= start) dates.push(date)
  }
  return dates
}

function whole(value: number, least: number, most: number, name: string): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new PatternError('BAD_PATTERN', { [name]: String(value), expected: `${least} to ${most}` })
}

const sortedUnique = (dates: readonly IsoDate[]): IsoDate[] => [...new Set(dates)].sort()

export const RANGE_TYPES = ['II', 'IE', 'EE', 'NO_IE'] as const
/** How the ends of a range are treated: I included, E excluded; first letter start, second end; NO_IE as they are. */
export type RangeType = (typeof RANGE_TYPES)[number]

/** Pattern dates in [start, end], then the ends put in or taken off as the range type says. */
export function datesInRange(rangeType: RangeType, pattern: Pattern, start: IsoDate, end: IsoDate): IsoDate[] {
  const dates = patternDates(pattern, start, end)
  switch (rangeType) {
    case 'NO_IE':
      return dates
    case 'II': {
      const withStart = dates.includes(start) ? dates : [start, ...dates]
      return withStart.includes(end) ? withStart : [...withStart, end]
    }
    case 'IE': {
      const withStart = dates.includes(start) ? dates : [start, ...dates]
      return withStart.at(-1) === end ? withStart.slice(0, -1) : withStart
    }
    case 'EE': {
      const withoutStart = dates[0] === start ? dates.slice(1) : dates
      return withoutStart.at(-1) === end ? withoutStart.slice(0, -1) : withoutStart
    }
    default:
      throw new PatternError('BAD_PATTERN', { rangeType: rangeType satisfies never })
  }
}

/**
 * The first n dates of a pattern on or after `from`.
 * @throws PatternError `TOO_FEW_DATES` when the pattern ends, or yields nothing for 400 years
 */
export function firstDates(pattern: Pattern, from: IsoDate, n: number): IsoDate[] {
  for (let years = 4; years < 400; years *= 5) {
    const dates = patternDates(pattern, from, addMonths(from, years * 12))
    if (dates.length >= n) return dates.slice(0, n)
  }
  const dates = patternDates(pattern, from, addMonths(from, 4800))
  if (dates.length < n)
    throw new PatternError('TOO_FEW_DATES', { from, wanted: String(n), found: String(dates.length) })
  return dates.slice(0, n)
}

/** Dates of a pattern strictly between two dates. */
export const datesStrictlyBetween = (pattern: Pattern, after: IsoDate, before: IsoDate): IsoDate[] =>
  patternDates(pattern, after, before).filter((date) => after < date && date < before)

export const PERIODS = ['Daily', 'Weekly', 'BiWeekly', 'Monthly', 'Quarterly', 'SemiAnnually', 'Annually'] as const
export type Period = (typeof PERIODS)[number]

const STEP: Record<Period, { readonly days: number } | { readonly months: number }> = {
  Daily: { days: 1 },
  Weekly: { days: 7 },
  BiWeekly: { days: 14 },
  Monthly: { months: 1 },
  Quarterly: { months: 3 },
  SemiAnnually: { months: 6 },
  Annually: { months: 12 },
}

/** `date` + n periods, counted from `date` (never chained), clipped to the end of short months. */
export function addPeriods(date: IsoDate, period: Period, n: number): IsoDate {
  const step = STEP[period]
  return 'days' in step ? addDays(date, step.days * n) : addMonths(date, step.months * n)
}

/** n dates after `start`: start + 1, 2, … n periods. */
export const periodDates = (start: IsoDate, period: Period, n: number): IsoDate[] =>
  Array.from({ length: n }, (_, i) => addPeriods(start, period, i + 1))

/** Whether a date is the last of its month. */
export const isMonthEnd = (date: IsoDate): boolean => date === endOfMonth(date)
