import { isoDate, type IsoDate } from '#domain/date'
import { dealCalendar } from '#domain/dates/deal-dates'
import type { Pattern } from '#domain/dates/pattern'
import type { DealTerms } from '#domain/deal/terms'
import { currentDeal } from '../deal/parties.ts'
import type { Deal } from '../deal/state.ts'
import { refuseCall } from '../kernel/refusal.ts'
import type { Key, Read } from '../kernel/state.ts'
import { dealKeys } from '../deal/parties.ts'
import { refuseServicing } from './errors.ts'
import { periodKey, servicingKey, type Period } from './state.ts'

/** For a method's `reads`. */
export const periodKeys = (deal: string, period: string): readonly Key<unknown>[] => [
  ...dealKeys(deal),
  servicingKey(deal),
  periodKey(deal, period),
]

/** Refuses DEAL_NOT_FOUND, BEHIND, and WRONG_STATE unless the plan is being served. */
export function servedDeal(read: Read, id: string, on: string): Deal {
  const deal = currentDeal(read, id)
  if (deal.state !== 'servicing') refuseCall('WRONG_STATE', { what: `deal ${id}`, state: deal.state, on })
  return deal
}

/** Refuses PERIOD_NOT_FOUND. */
export const periodOf = (read: Read, deal: string, period: string): Period =>
  read(periodKey(deal, period)) ?? refuseServicing('PERIOD_NOT_FOUND', { deal, period })

export interface PeriodDates {
  /** The month of the collection date. */
  readonly period: string
  readonly collectedTo: IsoDate
  readonly payDate: IsoDate
  /** First day in: the pay date before, or the closing. */
  readonly accrualFrom: IsoDate
  /** Last day out: the pay date. */
  readonly accrualTo: IsoDate
}

/** The dates of all periods of a plan, as its terms give them: nobody who signs can choose them. */
export function allPeriodDates({ dates }: DealTerms): PeriodDates[] {
  const closing = isoDate(dates.closing ?? dates.cutOff)
  const { collectionDates, payDates } = dealCalendar({
    type: 'preClosing',
    stated: isoDate(dates.statedMaturity),
    collectPattern: dates.collectionDates as Pattern,
    payPattern: dates.payDates as Pattern,
    cutoff: isoDate(dates.cutOff),
    closing,
    firstCollect: isoDate(dates.firstCollection),
    firstPay: isoDate(dates.firstPay),
  })
  return collectionDates.slice(0, payDates.length).map((collectedTo, index) => ({
    period: collectedTo.slice(0, 7),
    collectedTo,
    payDate: payDates[index]!,
    accrualFrom: index === 0 ? closing : payDates[index - 1]!,
    accrualTo: payDates[index]!,
  }))
}

/**
 * The dates of a plan's n-th period (from 0).
 * @returns undefined when the terms have no further dates before stated maturity
 */
export const periodDates = (terms: DealTerms, index: number): PeriodDates | undefined => allPeriodDates(terms)[index]
