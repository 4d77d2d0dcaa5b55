/** The calendar of a run: its dated events in the order of the conventions (C14). */
import type { IsoDate } from '../date.ts'
import { adjust, calendar } from '../dates/calendar.ts'
import { datesInRange, type Pattern } from '../dates/pattern.ts'
import type { DealTerms } from '../deal/terms.ts'
import { datedEvents, type DatedEvent } from './events.ts'
import type { Program } from './live.ts'

export type Scheduled =
  | { readonly date: IsoDate; readonly order: 0; readonly dated: DatedEvent }
  | { readonly date: IsoDate; readonly order: 1; readonly kind: 'collect' }
  | { readonly date: IsoDate; readonly order: 2; readonly kind: 'closing' }
  | {
      readonly date: IsoDate
      readonly order: 3
      readonly kind: 'pay'
      readonly accrualTo: IsoDate
      readonly last: boolean
    }
  | { readonly date: IsoDate; readonly order: 4; readonly kind: 'inspect'; readonly index: number }
  | { readonly date: IsoDate; readonly order: 5; readonly kind: 'report' }

/** Collection and pay dates of the terms: from the explicit first date to stated maturity, which is excluded. */
export const collectionDates = ({ dates }: DealTerms): IsoDate[] =>
  datesInRange(
    'IE',
    dates.collectionDates as Pattern,
    dates.firstCollection as IsoDate,
    dates.statedMaturity as IsoDate,
  )
/** Payments with the day interest runs to: moved to business days as the terms say, the accrual too only if they say so. */
export function payments({ dates }: DealTerms): { readonly date: IsoDate; readonly accrualTo: IsoDate }[] {
  const unadjusted = datesInRange(
    'IE',
    dates.payDates as Pattern,
    dates.firstPay as IsoDate,
    dates.statedMaturity as IsoDate,
  )
  const { businessDays } = dates
  if (!businessDays) return unadjusted.map((date) => ({ date, accrualTo: date }))
  return unadjusted.map((accrualTo) => {
    const date = adjust(accrualTo, businessDays.rule, calendar(businessDays.calendar))
    return { date, accrualTo: businessDays.moveAccrual ? date : accrualTo }
  })
}
export const paymentDates = (terms: DealTerms): IsoDate[] => payments(terms).map(({ date }) => date)

export function schedule(program: Program, reportDates: readonly IsoDate[]): Scheduled[] {
  const { terms, start, statedMaturity } = program
  const { lastPay } = terms.dates
  const events: Scheduled[] = []
  const after = lastPay !== undefined && lastPay < start ? (lastPay as IsoDate) : start
  for (const dated of datedEvents(program, after, statedMaturity)) events.push({ date: dated.date, order: 0, dated })
  for (const date of collectionDates(terms)) events.push({ date, order: 1, kind: 'collect' })
  if (terms.status === 'pre-closing') events.push({ date: program.closing, order: 2, kind: 'closing' })
  const pays = payments(terms)
  pays.forEach(({ date, accrualTo }, index) =>
    events.push({ date, order: 3, kind: 'pay', accrualTo, last: index === pays.length - 1 }),
  )
  program.inspections.forEach(({ dates }, index) => {
    for (const date of datesInRange('II', dates, start, statedMaturity))
      events.push({ date, order: 4, kind: 'inspect', index })
  })
  for (const date of reportDates) events.push({ date, order: 5, kind: 'report' })
  // A stable sort keeps the order in which events of one kind were generated.
  return events.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.order - b.order))
}
