import type { IsoDate } from '../date.ts'
import { datesInRange, type Pattern } from './pattern.ts'

/** The dates a deal's terms give; see testdata/vectors/VOCABULARY.md, "DealDates". */
export type DealDateTerms =
  | {
      readonly type: 'current'
      readonly stated: IsoDate
      readonly collectPattern: Pattern
      readonly payPattern: Pattern
      readonly lastCollect: IsoDate
      readonly lastPay: IsoDate
      readonly nextCollect: IsoDate
      readonly nextPay: IsoDate
    }
  | {
      readonly type: 'preClosing'
      readonly stated: IsoDate
      readonly collectPattern: Pattern
      readonly payPattern: Pattern
      readonly cutoff: IsoDate
      readonly closing: IsoDate
      readonly firstCollect: IsoDate
      readonly firstPay: IsoDate
    }

export interface DealCalendar {
  /** Where the deal starts: the cut-off, or the last collection of a running deal. */
  readonly startDate: IsoDate
  /** Absent for a deal that is already running. */
  readonly closingDate?: IsoDate
  /** Of a running deal. */
  readonly lastPayDate?: IsoDate
  readonly collectionDates: readonly IsoDate[]
  readonly payDates: readonly IsoDate[]
  /** Stated maturity. */
  readonly endDate: IsoDate
}

/** Both sequences run from the explicit first date to stated maturity (excluded), the first date kept if off-pattern. */
export function dealCalendar(terms: DealDateTerms): DealCalendar {
  const { stated, collectPattern, payPattern } = terms
  const first =
    terms.type === 'current'
      ? { collect: terms.nextCollect, pay: terms.nextPay }
      : { collect: terms.firstCollect, pay: terms.firstPay }
  return {
    startDate: terms.type === 'current' ? terms.lastCollect : terms.cutoff,
    ...(terms.type === 'current' ? { lastPayDate: terms.lastPay } : { closingDate: terms.closing }),
    collectionDates: datesInRange('IE', collectPattern, first.collect, stated),
    payDates: datesInRange('IE', payPattern, first.pay, stated),
    endDate: stated,
  }
}
