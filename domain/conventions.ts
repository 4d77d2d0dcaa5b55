/**
 * A conventions profile: every choice of behaviour that another engine could make differently, as data in the deal's
 * terms, read by one code path. Three values are known. `hastructure` and `actus` are what the conformance vectors follow
 * (testdata/vectors/README.md, "Profiles", and the C and A conventions in the files); `cn-plan` is the application's own
 * (DOMAIN.md §2: market practice in China).
 */
import type { Rounding } from './money.ts'

export interface Conventions {
  readonly profile: 'cn-plan' | 'hastructure' | 'actus'
  /** How a product or quotient becomes fen; `none`: unrounded doubles (ACTUS only). */
  readonly money: Rounding | 'none'
  /** Decimals to which rates are floored; `exact`: exact fractions. */
  readonly rateDecimals: 6 | 'exact'
  /** Interest for a period of a mortgage-like asset: annual ÷ periods a year, or by the day count. */
  readonly assetPeriodRate: 'annual-over-periods' | 'day-count'
  /** Annual speeds (CPR, CDR) become period rates by actual days over 365 in double (C5). */
  readonly annualSpeed: 'actual-over-365' | 'none'
  /** Cash that is not enough for all: floors with the residue to the first (C10), or largest remainder with ties by key. */
  readonly proRata: 'floor-residue-first' | 'largest-remainder'
  /** What unpaid interest earns: the bond's own rate once (C9), or nothing unless the terms say so. */
  readonly interestOnUnpaid: 'own-rate-once' | 'by-terms'
  /** Which index fixing a bond's reset takes: strictly before the date (C15), or up to and including it. */
  readonly bondResetLookup: 'exclusive' | 'inclusive'
  /** The waterfall of a pay date is chosen before that day's triggers run (C17), or after them. */
  readonly statusTiming: 'before-triggers' | 'after-triggers'
  /** When a run ends: pool and accounts empty at the next event (C13), or by the plan's calendar. */
  readonly endOfRun: 'when-empty' | 'stated-or-paid'
  /** Each present value is floored to fen before summing (C16), or left unrounded. */
  readonly discounting: 'floored' | 'unrounded'
  /** Order of events on one date, first to last (C14). */
  readonly intraday: readonly IntradayEvent[]
}

export type IntradayEvent =
  | 'swapAccrual'
  | 'rateCapAccrual'
  | 'swapSettlement'
  | 'stepUp'
  | 'rateReset'
  | 'accountInterest'
  | 'recurringFees'
  | 'collection'
  | 'waterfall'
  | 'inspection'
  | 'report'
  | 'call'

const C14: readonly IntradayEvent[] = [
  'swapAccrual',
  'rateCapAccrual',
  'swapSettlement',
  'stepUp',
  'rateReset',
  'accountInterest',
  'recurringFees',
  'collection',
  'waterfall',
  'inspection',
  'report',
  'call',
]

export const CONVENTIONS = {
  'cn-plan': {
    profile: 'cn-plan',
    money: 'half-up',
    rateDecimals: 'exact',
    assetPeriodRate: 'day-count',
    annualSpeed: 'actual-over-365',
    proRata: 'largest-remainder',
    interestOnUnpaid: 'by-terms',
    bondResetLookup: 'inclusive',
    statusTiming: 'after-triggers',
    endOfRun: 'stated-or-paid',
    discounting: 'unrounded',
    intraday: C14,
  },
  hastructure: {
    profile: 'hastructure',
    money: 'floor',
    rateDecimals: 6,
    assetPeriodRate: 'annual-over-periods',
    annualSpeed: 'actual-over-365',
    proRata: 'floor-residue-first',
    interestOnUnpaid: 'own-rate-once',
    bondResetLookup: 'exclusive',
    statusTiming: 'before-triggers',
    endOfRun: 'when-empty',
    discounting: 'floored',
    intraday: C14,
  },
  actus: {
    profile: 'actus',
    money: 'none',
    rateDecimals: 'exact',
    assetPeriodRate: 'day-count',
    annualSpeed: 'none',
    proRata: 'largest-remainder',
    interestOnUnpaid: 'by-terms',
    bondResetLookup: 'inclusive',
    statusTiming: 'after-triggers',
    endOfRun: 'stated-or-paid',
    discounting: 'unrounded',
    intraday: C14,
  },
} as const satisfies Record<string, Conventions>
