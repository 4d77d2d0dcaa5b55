import type { IsoDate } from '../date.ts'
import type { DayCount } from '../day-count.ts'

/**
 * Terms of the ACTUS dictionary for the contract types PAM, LAM, NAM and ANN, with their meaning in the ACTUS technical
 * specification v1.1 and the A conventions of testdata/vectors/actus.json. Amounts are doubles: ACTUS rounds nothing (A1).
 */
export interface ActusTerms {
  readonly contractType: 'PAM' | 'LAM' | 'NAM' | 'ANN'
  readonly contractRole: 'RPA' | 'RPL'
  readonly currency: string
  readonly statusDate: ActusDate
  readonly contractDealDate: ActusDate
  readonly initialExchangeDate: ActusDate
  readonly maturityDate?: ActusDate
  readonly notionalPrincipal: number
  readonly nominalInterestRate: number
  readonly premiumDiscountAtIED?: number
  readonly accruedInterest?: number
  readonly dayCountConvention: 'A365' | 'A360' | 'AA' | '30E360'
  readonly endOfMonthConvention?: 'SD' | 'EOM'
  readonly calendar?: 'MF' | 'NC'
  readonly businessDayConvention?: 'SCF' | 'SCMP' | 'CSF' | 'CSMF' | 'SCMF'
  readonly cycleAnchorDateOfInterestPayment?: ActusDate
  readonly cycleOfInterestPayment?: string
  readonly capitalizationEndDate?: ActusDate
  readonly cycleAnchorDateOfPrincipalRedemption?: ActusDate
  readonly cycleOfPrincipalRedemption?: string
  readonly nextPrincipalRedemptionPayment?: number
  readonly amortizationDate?: ActusDate
  readonly cycleAnchorDateOfRateReset?: ActusDate
  readonly cycleOfRateReset?: string
  readonly marketObjectCodeOfRateReset?: string
  readonly rateSpread?: number
  readonly rateMultiplier?: number
  readonly nextResetRate?: number
  readonly fixingDays?: 'P0D' | 'P2D'
  readonly interestCalculationBase?: 'NT' | 'NTIED' | 'NTL'
  readonly interestCalculationBaseAmount?: number
  readonly cycleAnchorDateOfInterestCalculationBase?: ActusDate
  readonly cycleOfInterestCalculationBase?: string
  readonly purchaseDate?: ActusDate
  readonly priceAtPurchaseDate?: number
  readonly terminationDate?: ActusDate
  readonly priceAtTerminationDate?: number
  readonly scalingEffect?: 'INO' | 'IOO'
  readonly marketObjectCodeOfScalingIndex?: string
  readonly scalingIndexAtContractDealDate?: number
  readonly notionalScalingMultiplier?: number
  readonly interestScalingMultiplier?: number
  readonly cycleAnchorDateOfScalingIndex?: ActusDate
  readonly cycleOfScalingIndex?: string
}

/** `YYYY-MM-DD`, or with `T23:59:59`: the last second of that day. Texts sort as the times do. */
export type ActusDate = IsoDate | `${IsoDate}T23:59:59`

export const ACTUS_DATE_PATTERN = '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T23:59:59)?$'

/** Market values by object code: points in date order. */
export type Observed = Readonly<Record<string, readonly (readonly [ActusDate, number])[]>>

/** In the order in which events of one date happen (A3). */
export const EVENT_ORDER = ['IED', 'IPCI', 'PR', 'IP', 'PRD', 'RR', 'RRF', 'PRF', 'TD', 'IPCB', 'SC', 'MD'] as const
export type EventType = (typeof EVENT_ORDER)[number]

/** An event and the state after it; payoff, notional and accrued carry the sign of the contract role. */
export interface ContractEvent {
  readonly date: ActusDate
  readonly type: EventType
  readonly payoff: number
  readonly currency: string
  readonly notional: number
  readonly rate: number
  readonly accrued: number
}

export const ACTUS_DAY_COUNT: Record<ActusTerms['dayCountConvention'], DayCount> = {
  A365: 'ACT_365F',
  A360: 'ACT_360',
  AA: 'ACT_ACT',
  '30E360': '30E_360',
}

export class ActusError extends Error {
  override readonly name = 'ActusError'
  constructor(
    readonly code: 'BAD_CYCLE' | 'NO_END' | 'NO_MARKET' | 'MISSING_TERM',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}
