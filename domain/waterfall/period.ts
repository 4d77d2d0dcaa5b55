/** What a period brings, and what a step answers. */
import type { IsoDate } from '../date.ts'
import type { DealEventName, Source, Status } from '../deal/words.ts'
import type { Fen } from '../money.ts'
import type { Rate } from '../rate.ts'
import type { DealState } from './state.ts'

/** Figures of the pool for the period, by the effective asset batches. */
export interface PoolFigures {
  readonly opening: Fen
  readonly closing: Fen
  /** New defaults of the period. */
  readonly defaulted: Fen
  /** Losses booked in the period; default: the defaults (recoveries then come as income). */
  readonly loss?: Fen
  readonly purchased?: Fen
  readonly weightedRate?: Rate
  /** Balances by arrears bucket (M1, M2, …) at the end of the period. */
  readonly arrears?: Readonly<Record<string, Fen>>
}

export interface PeriodInput {
  readonly periodId: string
  /** Interest accrues from here (first day in) to `accrualTo` (last day out). */
  readonly accrualFrom: IsoDate
  readonly accrualTo: IsoDate
  readonly payDate: IsoDate
  /** Last day whose collections are in; default: the pay date. */
  readonly collectedTo?: IsoDate
  /** Cash of the period by source; an absent source is nothing. */
  readonly collections: Readonly<Partial<Record<Source, Fen>>>
  readonly pool: PoolFigures
  /** Cash on the ledger by account before the period's collections; must equal the state's where given. */
  readonly cashOpening?: Readonly<Record<string, Fen>>
  readonly indexRates?: Readonly<Record<string, Rate>>
  readonly ratings?: Readonly<Record<string, string>>
  /** Other figures of the servicer's report, by name (formula `reported("name")`). */
  readonly reported?: Readonly<Record<string, Rate>>
  /** The pool has ended (or is called): the clean-up waterfall runs and the plan ends. */
  readonly final?: boolean
}

export type PayeeKind = 'account' | 'fee' | 'tranche' | 'ledger' | 'facility' | 'swap' | 'cap' | 'pool' | 'none'
export interface Payee {
  readonly kind: PayeeKind
  readonly id: string
}

export type Figure = Fen | Rate | string | number

export type LineAction = string

/** One payment (or booking) of one step. For cash lines: availableBefore − paid (or + received) = availableAfter. */
export interface StepLine {
  /** Number of the executed step; lines of one step share it. */
  readonly run: number
  readonly step: string
  readonly clause: string
  readonly action: LineAction
  readonly date: IsoDate
  /** Account that pays; null: no cash leaves an account. */
  readonly from: string | null
  readonly to: Payee
  readonly availableBefore: Fen
  readonly due: Fen
  readonly paid: Fen
  readonly shortfall: Fen
  readonly availableAfter: Fen
  /** What `due` was worked out from, by name. */
  readonly inputs: Readonly<Record<string, Figure>>
}

export interface Transfer {
  readonly stepId: string
  readonly from: Payee
  readonly to: Payee
  readonly amount: Fen
  /** Of a collection: what the pool brought by source, of which `amount` is this account's share. */
  readonly parts?: Readonly<Partial<Record<Source, Fen>>>
  /** interest or principal, where the payee is a tranche. */
  readonly kind:
    'interest' | 'principal' | 'residual' | 'fee' | 'transfer' | 'collection' | 'purchase' | 'hedge' | 'facility'
}

export interface TrancheResult {
  readonly id: string
  readonly opening: Fen
  readonly interestDue: Fen
  readonly interestPaid: Fen
  readonly interestShortfall: Fen
  readonly principalPaid: Fen
  readonly residualPaid: Fen
  readonly writtenOff: Fen
  readonly closing: Fen
  /** Closing balance ÷ original balance. */
  readonly factor: Rate
}

export interface FeeResult {
  readonly id: string
  readonly due: Fen
  readonly paid: Fen
  readonly carried: Fen
}

export interface TriggerResult {
  readonly id: string
  readonly event: DealEventName
  readonly clause: string
  readonly date: IsoDate
  readonly numerator: Rate | string
  readonly denominator: Rate | null
  readonly value: Rate | string
  /** The same figure over other usual denominators. */
  readonly shown: readonly { readonly name: string; readonly denominator: Rate; readonly value: Rate }[]
  readonly threshold: Rate | string
  readonly op: string
  readonly breached: boolean
  readonly daysInBreach: number
  readonly testsInBreach: number
  readonly fired: boolean
  readonly cured: boolean
  readonly consequence: Status | null
}

export interface DealEvent {
  readonly event: DealEventName
  readonly date: IsoDate
  readonly clause: string
  readonly trigger: string | null
  readonly from: Status
  readonly to: Status
}

export interface StepResult {
  readonly periodId: string
  readonly payDate: IsoDate
  readonly lines: readonly StepLine[]
  readonly tranches: readonly TrancheResult[]
  readonly fees: readonly FeeResult[]
  readonly statusBefore: Status
  readonly statusAfter: Status
  readonly waterfall: string
  readonly triggers: readonly TriggerResult[]
  readonly events: readonly DealEvent[]
  readonly transfers: readonly Transfer[]
  readonly cash: { readonly opening: Fen; readonly in: Fen; readonly out: Fen; readonly closing: Fen }
  readonly state: DealState
}
