/** What a running deal is told and what it writes down (live.ts). */
import type { IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import type { Rate } from '../rate.ts'
import type { Figure, Payee } from './period.ts'

/** What lies outside the deal: index fixings, and the market in which a revolving pool is bought and sold. */
export interface Environment {
  readonly indexAt: (name: string, date: IsoDate, lookup: 'inclusive' | 'exclusive') => Rate
  /** Buys assets for cash; answers what was spent and the balance bought. Absent: the whole cash is handed to the pool. */
  readonly buy?: (
    date: IsoDate,
    cash: Fen,
    price: { performing: Rate; defaulted: Rate },
  ) => { spent: Fen; balance: Fen }
  /** Rate of the assets on offer on a date. */
  readonly offeredRate?: (date: IsoDate) => Rate
  /** The pool was sold: nothing more is collected. */
  readonly sold?: (date: IsoDate) => void
}

export class WaterfallError extends Error {
  override readonly name = 'WaterfallError'
  constructor(
    readonly code:
      | 'NOT_CONSERVED'
      | 'NEGATIVE'
      | 'CASH_DIFFERS'
      | 'OTHER_DEAL'
      | 'PERIOD_ORDER'
      | 'UNKNOWN_INDEX'
      | 'NO_WATERFALL'
      | 'UNKNOWN_ACCOUNT'
      | 'UNKNOWN_YIELD'
      | 'CYCLE'
      | 'ENDED',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** What happened to a tranche since the record was last taken. */
export interface TrancheRecord {
  /** Paid to holders; what was cut off per unit is apart. */
  interest: Fen
  interestResidue: Fen
  principal: Fen
  residual: Fen
  writtenOff: Fen
  drawn: Fen
  accrued: Fen
  touched: boolean
  inputs: Record<string, Figure>
}

export interface StepMark {
  readonly id: string
  readonly clause: string
  readonly action: string
}

/** What somebody is owed, and what that was worked out from. */
export interface Owed {
  readonly payee: Payee
  readonly due: Fen
  readonly inputs: Readonly<Record<string, Figure>>
}

/** Rows of statements that are no waterfall lines (facilities, swaps, caps, ledgers, fees, accounts). */
export interface Movement {
  readonly date: IsoDate
  readonly of:
    'account' | 'ledger' | 'swapAccrual' | 'swapSettlement' | 'capAccrual' | 'capSettlement' | 'facility' | 'fee'
  readonly index: number
  readonly amount: Fen
  readonly balance: Fen
  readonly more?: Readonly<Record<string, Figure>>
}

export const emptyRecord = (): TrancheRecord => ({
  interest: 0n,
  interestResidue: 0n,
  principal: 0n,
  residual: 0n,
  writtenOff: 0n,
  drawn: 0n,
  accrued: 0n,
  touched: false,
  inputs: {},
})
