import type { IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'

/**
 * One date of a projected asset or pool, exact: amounts in fen, the rate in millionths (six decimals, convention C2).
 * `balance` is the performing balance at the end of the date, after everything else in the row.
 */
export interface FlowRow {
  readonly date: IsoDate
  readonly balance: Fen
  readonly principal: Fen
  readonly interest: Fen
  readonly prepayment: Fen
  readonly delinquent: Fen
  readonly default: Fen
  readonly recovery: Fen
  readonly loss: Fen
  readonly prepayPenalty: Fen
  readonly rateMicro: bigint
  /** Of combined flows: sums of balance × millionths, at the end and before the row, so that a rate is floored once. */
  readonly rateWeights?: { readonly end: bigint; readonly opening: bigint }
  /** Receivables: fee taken from the face value. */
  readonly feePaid?: Fen
  /** Leases: rent received. */
  readonly rental?: Fen
  /** Fixed assets. */
  readonly newDepreciation?: Fen
  readonly cumDepreciation?: Fen
  readonly units?: number
  readonly cash?: Fen
}

/** A projected asset: rows in date order, and what was outstanding before the first of them. */
export interface AssetSchedule {
  readonly openingBalance: Fen
  readonly openingDate: IsoDate
  readonly rows: readonly FlowRow[]
  /** Leases: every pay date, past ones too. */
  readonly payDates?: readonly IsoDate[]
}

export const emptyRow = (date: IsoDate, balance: Fen = 0n, rateMicro: bigint = 0n): FlowRow => ({
  date,
  balance,
  principal: 0n,
  interest: 0n,
  prepayment: 0n,
  delinquent: 0n,
  default: 0n,
  recovery: 0n,
  loss: 0n,
  prepayPenalty: 0n,
  rateMicro,
})

/** What the obligors paid in a row (fees of receivables are part of the principal's face and not counted twice). */
export const cashOf = (row: FlowRow): Fen =>
  row.interest + row.principal + row.prepayment + row.recovery + row.prepayPenalty
