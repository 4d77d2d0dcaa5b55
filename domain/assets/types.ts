import type { Curve } from '../curve.ts'
import type { IsoDate } from '../date.ts'
import type { DayCount } from '../day-count.ts'
import type { Pattern, Period } from '../dates/pattern.ts'
import type { Fen } from '../money.ts'
import type { Rate } from '../rate.ts'

/**
 * Assets of a pool as terms plus state. The types and their words are those of testdata/vectors/VOCABULARY.md, "Asset";
 * amounts are fen, rates exact fractions a year unless said otherwise.
 */
export type Asset = Mortgage | AdjustRateMortgage | Loan | Installment | Lease | Receivable | FixedAsset

export interface Amortizing {
  readonly originBalance: Fen
  /** Periods at origin. */
  readonly originTerm: number
  readonly currentBalance: Fen
  /** Periods still to pay: the last so many of the payment dates. */
  readonly remainingTerm: number
  readonly originRate: AssetRate
  /** Default: the origin rate. */
  readonly currentRate?: Rate
  readonly amortization: Amortization
  readonly status?: AssetStatus
}

/** Interest = balance × period rate; the day count is not used. */
export interface Mortgage extends Amortizing {
  readonly assetType: 'Mortgage'
  readonly freq: Period
  readonly originDate: IsoDate
  readonly dayCount?: DayCount
  readonly prepaymentPenalty?: Penalty
}

export interface AdjustRateMortgage extends Amortizing {
  readonly assetType: 'AdjustRateMortgage'
  readonly freq: Period
  readonly originDate: IsoDate
  readonly arm: Arm
}

/** Interest = balance × annual rate × year fraction between payment dates. */
export interface Loan extends Amortizing {
  readonly assetType: 'Loan'
  /** Absent with a custom schedule (its own dates) and in a revolving pool (monthly). */
  readonly freq?: Period
  /** Absent in a revolving pool: the purchase date. */
  readonly originDate?: IsoDate
  readonly dayCount?: DayCount
}

/** Flat instalment credit: equal principal and a flat fee each period. */
export interface Installment {
  readonly assetType: 'Installment'
  readonly originBalance: Fen
  readonly originTerm: number
  readonly freq: Period
  readonly originDate: IsoDate
  readonly currentBalance: Fen
  readonly remainingTerm: number
  /** Of the original balance, each period. */
  readonly feeRatePerPeriod: Rate
  readonly amortization: { readonly type: 'F_P' } | { readonly type: 'PO_FirstN'; readonly periods: number }
}

/** Rent = day rate × actual days since the previous pay date. */
export interface Lease {
  readonly assetType: 'Lease'
  readonly originDate: IsoDate
  readonly originTerm: number
  readonly remainingTerm: number
  /** Informative: the balance is the sum of the rents to come. */
  readonly currentBalance?: Fen
  readonly rentalPerDay: Fen
  readonly payPattern: Pattern
  readonly stepUp?: { readonly multiplier: Rate } | { readonly multipliers: readonly Rate[] }
}

/** One payment of the face value less fee at the due date. */
export interface Receivable {
  readonly assetType: 'Receivable'
  readonly originDate: IsoDate
  readonly faceValue: Fen
  readonly advance: Fen
  readonly dueDate: IsoDate
  readonly fee?: ReceivableFee
  readonly status?: AssetStatus
}

/** A depreciated thing that earns units × price. */
export interface FixedAsset {
  readonly assetType: 'FixedAsset'
  readonly originDate: IsoDate
  readonly originBalance: Fen
  readonly currentBalance: Fen
  readonly residualBalance: Fen
  readonly originTerm: number
  readonly remainingTerm: number
  readonly freq: Period
  /** Units a period. */
  readonly capacity: Rate
  readonly utilization: Curve
  /** Yuan a unit. */
  readonly price: Curve
  readonly extendPeriods: number
  readonly method: 'straightLine' | 'doubleDeclining'
}

export type AssetRate = Rate | Floating

/** At each reset date the index (inclusive) + spread, then not under the floor, then not over the cap. */
export interface Floating {
  readonly index: string
  readonly spread: Rate
  readonly initial: Rate
  readonly resetPattern: Pattern
  readonly floor?: Rate
  readonly cap?: Rate
}

export const isFloating = (rate: AssetRate): rate is Floating => 'index' in rate

/** Reset limits of an adjustable-rate mortgage. */
export interface Arm {
  readonly initPeriods: number
  readonly firstResetCap: Rate
  readonly periodicCap: Rate
  readonly lifeCap: Rate
  readonly lifeFloor: Rate
}

export type Amortization =
  | { readonly type: 'Level' }
  | { readonly type: 'Even' }
  | { readonly type: 'I_P' }
  | { readonly type: 'F_P' }
  | { readonly type: 'PO_FirstN'; readonly periods: number }
  | { readonly type: 'Balloon'; readonly term: number }
  | { readonly type: 'NO_FirstN'; readonly periods: number; readonly then: 'Level' }
  | { readonly type: 'IO_FirstN'; readonly periods: number; readonly then: 'Level' }
  | { readonly type: 'Schedule'; readonly principal: readonly (readonly [IsoDate, Fen])[] }

/** Fee on voluntary prepayment. Period k is the k-th payment of the loan since origin. */
export type Penalty =
  | { readonly type: 'byTerm'; readonly periods: number; readonly rate: Rate; readonly rateAfter: Rate }
  | { readonly type: 'amount'; readonly amount: Fen; readonly periods?: number }
  | { readonly type: 'percentage'; readonly rate: Rate; readonly periods?: number }
  | { readonly type: 'sliding'; readonly rate: Rate; readonly step: Rate }
  | { readonly type: 'stepDown'; readonly steps: readonly { readonly periods: number; readonly rate: Rate }[] }

export type ReceivableFee =
  | { readonly type: 'fixed'; readonly amount: Fen }
  | { readonly type: 'advance'; readonly rate: Rate }
  | { readonly type: 'factor'; readonly rate: Rate; readonly everyDays: number; readonly round: 'up' }

/** `defaulted: null`: in default since an unknown date. */
export type AssetStatus = 'Current' | { readonly defaulted: IsoDate | null }

export const isDefaulted = (status: AssetStatus | undefined): status is { readonly defaulted: IsoDate | null } =>
  typeof status === 'object'

/** Performance assumptions; an absent key means none of it. Annual speeds are doubles (convention C5). */
export interface Assumption {
  readonly CDR?: Speed
  readonly CPR?: Speed
  /** Multiple of the PSA ramp. */
  readonly PSA?: number
  readonly defaultStress?: Curve
  readonly recovery?: Recovery
  readonly defaultByAmount?: { readonly total: Fen; readonly split: readonly Rate[] }
  readonly defaultAtEndByRate?: { readonly CDR: number; readonly lastCDR: number }
  readonly defaultedRecovery?: Recovery
  readonly delinquency?: { readonly CDR: number; readonly lag: number; readonly defaultShare: Rate }
  readonly renewal?: { readonly gapDays: number; readonly rentChangeAnnual: Rate; readonly endByDate: IsoDate }
}

/** An annual rate, or one per period and what holds after the last. */
export type Speed = number | { readonly vector: readonly number[]; readonly pad: 'zero' | 'last' }

/** Exactly one of lag, timing, byDays says when. */
export interface Recovery {
  readonly rate: Rate
  readonly lag?: number
  readonly timing?: readonly Rate[]
  readonly byDays?: readonly (readonly [number, Rate])[]
}

export class AssetError extends Error {
  override readonly name = 'AssetError'
  constructor(
    readonly code: 'NO_PERIOD_RATE' | 'NO_INDEX' | 'NO_ORIGIN_DATE' | 'BAD_TERM' | 'BAD_RECOVERY' | 'BAD_AMORTIZATION',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}
