import { addDays, addMonths, endOfMonth, weekday, type IsoDate } from '../date.ts'
import { ActusError, type ActusDate, type ActusTerms } from './terms.ts'

const LATE = 'T23:59:59'
const isLate = (date: ActusDate): boolean => date.length > 10
const dayOf = (date: ActusDate): IsoDate => date.slice(0, 10) as IsoDate
const withDay = (date: ActusDate, day: IsoDate): ActusDate => (isLate(date) ? `${day}${LATE}` : day)

/** The day that counts in year fractions: the last second of a day is the next midnight (A5). */
export const countingDay = (date: ActusDate): IsoDate => (isLate(date) ? addDays(dayOf(date), 1) : dayOf(date))

export interface Cycle {
  readonly count: number
  readonly unit: 'D' | 'W' | 'M' | 'Q' | 'H' | 'Y'
  /** L1: a short last period is kept; L0: it joins the one before. */
  readonly shortStub: boolean
}

export const CYCLE_PATTERN = '^P[1-9][0-9]{0,3}[DWMQHY]L[01]$'

/** @throws ActusError `BAD_CYCLE` */
export function parseCycle(text: string): Cycle {
  const match = /^P([1-9]\d{0,3})([DWMQHY])L([01])$/.exec(text)
  if (!match) throw new ActusError('BAD_CYCLE', { cycle: text })
  return { count: Number(match[1]), unit: match[2] as Cycle['unit'], shortStub: match[3] === '1' }
}

const MONTHS = { M: 1, Q: 3, H: 6, Y: 12 } as const

/** The i-th date of a cycle, counted from the anchor; under EOM an anchor on a month end stays on month ends. */
export function cycleDate(anchor: ActusDate, { count, unit }: Cycle, i: number, eom: boolean): ActusDate {
  const day = dayOf(anchor)
  if (unit === 'D' || unit === 'W') return withDay(anchor, addDays(day, count * i * (unit === 'W' ? 7 : 1)))
  const moved = addMonths(day, count * i * MONTHS[unit])
  return withDay(anchor, eom && day === endOfMonth(day) ? endOfMonth(moved) : moved)
}

/** Enough for daily dates over a century. */
const MOST_DATES = 40_000

/**
 * Dates of a cycle before the end of the contract (A4). Where the end is not a whole cycle after the last of them, L0 drops
 * that one, unless it is the anchor. Without a cycle the anchor alone.
 */
export function cycleDates(anchor: ActusDate, cycle: Cycle | undefined, end: ActusDate, eom: boolean): ActusDate[] {
  if (anchor >= end) return []
  if (!cycle) return [anchor]
  const dates: ActusDate[] = []
  let date = anchor
  for (let i = 1; date < end; i += 1) {
    if (i > MOST_DATES) throw new ActusError('BAD_CYCLE', { anchor, end, most: String(MOST_DATES) })
    dates.push(date)
    date = cycleDate(anchor, cycle, i, eom)
  }
  if (date !== end && !cycle.shortStub && dates.length > 1) dates.pop()
  return dates
}

const isBusinessDay = (day: IsoDate): boolean => weekday(day) !== 0 && weekday(day) !== 6

const shift = (day: IsoDate, step: 1 | -1): IsoDate => {
  let moved = day
  while (!isBusinessDay(moved)) moved = addDays(moved, step)
  return moved
}

/** The business day on which an event of this date happens (A11). */
export function businessDate(date: ActusDate, { calendar, businessDayConvention }: ActusTerms): ActusDate {
  const day = dayOf(date)
  if (calendar !== 'MF' || businessDayConvention === undefined || isBusinessDay(day)) return date
  const sameMonth = (moved: IsoDate): boolean => moved.slice(0, 7) === day.slice(0, 7)
  const following = shift(day, 1)
  switch (businessDayConvention) {
    case 'SCF':
    case 'CSF':
      return withDay(date, following)
    case 'SCMF':
    case 'CSMF':
      return withDay(date, sameMonth(following) ? following : shift(day, -1))
    case 'SCMP': {
      const preceding = shift(day, -1)
      return withDay(date, sameMonth(preceding) ? preceding : following)
    }
    default:
      return businessDayConvention satisfies never
  }
}

/** Under SC… an event is calculated at its moved date, under CS… at the unmoved one. */
export const calculatesAtMovedDate = ({ businessDayConvention }: ActusTerms): boolean =>
  businessDayConvention?.startsWith('SC') ?? false
