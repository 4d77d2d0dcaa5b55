/** Rows that pools bring, and those still to be collected. */
import type { IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'

/** What a pool brought in between two collection dates, and what is left of it. */
export interface CollectedRow {
  readonly date: IsoDate
  readonly balance: Fen
  readonly principal: Fen
  readonly interest: Fen
  readonly prepayment: Fen
  readonly default: Fen
  readonly recovery: Fen
  readonly loss: Fen
  readonly rateMicro: bigint
}

/** A payment row of a pool, as a projection gives it. */
export interface FlowInput extends CollectedRow {
  /** Of several assets: sum of balance × millionths, for a rate that is not floored twice. */
  readonly rateWeights?: { readonly end: bigint }
  readonly prepayPenalty: Fen
  readonly lateFee?: Fen
}

/** Sums the rows of two flows of a pool. */
export type CombineRows = (a: readonly FlowInput[], b: readonly FlowInput[]) => readonly FlowInput[]

/** Rows of a pool still to be collected. */
export class Uncollected {
  private next = 0
  constructor(private rows: readonly FlowInput[]) {}
  take(to: IsoDate): FlowInput[] {
    const from = this.next
    while (this.next < this.rows.length && this.rows[this.next]!.date <= to) this.next += 1
    return this.rows.slice(from, this.next)
  }
  add(rows: readonly FlowInput[], combine: CombineRows): void {
    this.rows = combine(this.rows.slice(this.next), rows)
    this.next = 0
  }
  clear(): void {
    this.rows = []
    this.next = 0
  }
  /** Whether anything but empty rows is left. */
  get any(): boolean {
    for (let i = this.next; i < this.rows.length; i += 1) {
      const row = this.rows[i]!
      if (MONEY.some((key) => row[key] !== 0n)) return true
    }
    return false
  }
}
const MONEY = [
  'balance',
  'principal',
  'interest',
  'prepayment',
  'default',
  'recovery',
  'loss',
  'prepayPenalty',
] as const
