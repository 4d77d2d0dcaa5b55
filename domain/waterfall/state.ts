/**
 * What a running deal remembers between periods: everything the next period needs and nothing else. Bigint inside;
 * `encodeState` and `decodeState` are the only way to and from JSON.
 */
import type { IsoDate } from '../date.ts'
import type { Status } from '../deal/words.ts'
import type { Fen } from '../money.ts'
import type { Rate } from '../rate.ts'

export interface CouponState {
  rate: Rate
  accruedTo: IsoDate
  /** Due and unpaid, whole fen. */
  due: Fen
  /** Interest on unpaid interest, due and unpaid. */
  dueOnDue: Fen
  /** Accrued but not yet due, exact fen (rounded once, when it falls due). */
  pending: Rate
}

export interface TrancheState {
  readonly id: string
  balance: Fen
  coupons: CouponState[]
}

export interface AccountState {
  readonly id: string
  balance: Fen
  /** Of an account that earns interest: accrued to here, … */
  accruedTo: IsoDate | null
  /** … the start of the present spell of constant balance, and the sum of balance × year fraction before it. */
  since: IsoDate | null
  weighted: Fen
}

export interface FeeState {
  readonly id: string
  due: Fen
  calculated: boolean
  /** Annual fees: start and base of the present spell, and the sum of base × days / 365 before it. */
  since: IsoDate | null
  base: Fen
  weighted: Fen
  /** Recurring fees: dates after this one are still to come. Schedules: number of entries used. */
  countedTo: IsoDate | null
  used: number
}

export interface TriggerState {
  readonly id: string
  fired: boolean
  firedOn: IsoDate | null
  /** First test of the present run of breaches. */
  breachedSince: IsoDate | null
  testsInBreach: number
  testsInCure: number
}

export interface FacilityState {
  readonly id: string
  available: Fen
  drawn: Fen
  dueInterest: Fen
  duePremium: Fen
  accruedTo: IsoDate
}

export interface SwapState {
  readonly id: string
  net: Fen
  accruedTo: IsoDate
}

export interface CapState {
  readonly id: string
  due: Fen
  accruedTo: IsoDate
}

export interface PoolState {
  readonly id: string
  initial: Fen
  opening: Fen
  balance: Fen
  weightedRate: Rate
  defaultedBalance: Fen
  cumulativeDefault: Fen
  cumulativeRecovery: Fen
  cumulativeLoss: Fen
  cumulativePurchased: Fen
  /** The last collected row. */
  collected: Record<string, Fen>
  arrears: Record<string, Fen>
}

export interface DealState {
  readonly version: 1
  readonly dealId: string
  status: Status
  /** Number of periods paid. */
  periods: number
  /** Date of the last event. */
  asOf: IsoDate
  pools: PoolState[]
  accounts: AccountState[]
  tranches: TrancheState[]
  fees: FeeState[]
  ledgers: { readonly id: string; balance: Fen }[]
  facilities: FacilityState[]
  swaps: SwapState[]
  caps: CapState[]
  triggers: TriggerState[]
  /** The latest values of figures that some formula averages, newest last, by the formula's text. */
  series: Record<string, Rate[]>
  indexRates: Record<string, Rate>
  ratings: Record<string, string>
  reported: Record<string, Rate>
}

const map = <T>(record: Record<string, T>): Record<string, T> => ({ ...record })

/** A copy that shares nothing that changes. */
export const cloneState = (state: DealState): DealState => ({
  ...state,
  pools: state.pools.map((pool) => ({ ...pool, collected: map(pool.collected), arrears: map(pool.arrears) })),
  accounts: state.accounts.map((account) => ({ ...account })),
  tranches: state.tranches.map((tranche) => ({
    ...tranche,
    coupons: tranche.coupons.map((coupon) => ({ ...coupon })),
  })),
  fees: state.fees.map((fee) => ({ ...fee })),
  ledgers: state.ledgers.map((ledger) => ({ ...ledger })),
  facilities: state.facilities.map((facility) => ({ ...facility })),
  swaps: state.swaps.map((swap) => ({ ...swap })),
  caps: state.caps.map((cap) => ({ ...cap })),
  triggers: state.triggers.map((trigger) => ({ ...trigger })),
  series: map(state.series),
  indexRates: map(state.indexRates),
  ratings: map(state.ratings),
  reported: map(state.reported),
})
