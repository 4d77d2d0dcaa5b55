import type { Source, Status } from '#domain/deal/words'
import type { Hash } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import type { Leg } from '../cash/state.ts'
import { keysOf } from '../kernel/state.ts'
import { StateTable, type Transition } from '../kernel/state-table.ts'

/**
 * One period. Nothing but `settle` moves balances of tranches: a distribution that is refused or voided leaves the plan
 * as confirmed, and calculating it again answers the same.
 */
export const PERIOD_ROWS = [
  { from: 'none', on: 'report', by: 'servicer', to: 'reported', emits: 'CollectionsReported' },
  { from: 'reported', on: 'report', by: 'servicer', to: 'reported', emits: 'CollectionsReported' },
  { from: 'transferring', on: 'report', by: 'servicer', to: 'reported', emits: 'CollectionsReported' },
  { from: 'reported', on: 'transfer', by: 'servicer', to: 'transferring', emits: 'CollectionsTransferred' },
  { from: 'transferring', on: 'transfer', by: 'servicer', to: 'transferring', emits: 'CollectionsTransferred' },
  { from: 'transferring', on: 'confirm', by: 'custodian', to: 'confirmed', emits: 'CollectionsConfirmed' },
  { from: 'confirmed', on: 'calculate', by: 'plan-manager', to: 'calculated', emits: 'DistributionCalculated' },
  { from: 'calculated', on: 'approve', by: 'plan-manager', to: 'released', emits: 'InstructionsApproved' },
  { from: 'calculated', on: 'refuse', by: 'plan-manager', to: 'confirmed', emits: 'InstructionsRefused' },
  { from: 'released', on: 'settle', by: 'plan-manager', to: 'settled', emits: 'PeriodSettled' },
  { from: 'released', on: 'reopen', by: 'plan-manager', to: 'confirmed', emits: 'PeriodReopened' },
] as const satisfies readonly (Transition<string, string> & { by: string; emits: string })[]

export type PeriodState = (typeof PERIOD_ROWS)[number]['from' | 'to']
export type PeriodTrigger = (typeof PERIOD_ROWS)[number]['on']
export const PERIOD_TABLE = new StateTable<PeriodState, PeriodTrigger>(PERIOD_ROWS)

export type Collections = { readonly [S in Source]?: string }

/** Seen by the plan's parties and holders. */
export interface Period {
  readonly deal: string
  readonly period: string
  readonly index: number
  readonly state: PeriodState
  readonly revision: number
  readonly collectedTo: string
  readonly payDate: string
  readonly collections: Collections
  readonly totalFen: string
  /** On the collection account but collected after the period. */
  readonly laterFen: string
  readonly defaultedFen: string
  /** Commitment to the servicer's report. */
  readonly contentHash: Hash
  readonly final: boolean
  /** Posted transfers of earlier revisions. */
  readonly transferredFen: string
  readonly transferAttempt: number
  /** The last instruction collection → plan; null when nothing was left to transfer. */
  readonly transfer: { readonly instruction: string; readonly amountFen: string } | null
  /** Counts calculations; instruction ids carry it. */
  readonly attempt: number
  readonly calculatedBy: string | null
  readonly instruction: string | null
}

export interface TrancheFigures {
  readonly tranche: string
  readonly openingFen: string
  readonly interestDueFen: string
  readonly interestFen: string
  readonly principalFen: string
  readonly residualFen: string
  readonly writtenDownFen: string
  readonly closingFen: string
}

/** The result of a period: one per plan and period, for ever (LEDGER.md §1, business keys). */
export interface Distribution {
  readonly deal: string
  readonly period: string
  readonly attempt: number
  readonly resultHash: Hash
  readonly poolVersion: number
  readonly legs: readonly Leg[]
  readonly tranches: readonly TrancheFigures[]
  readonly statusAfter: Status
  readonly cash: {
    readonly openingFen: string
    readonly inFen: string
    readonly outFen: string
    readonly closingFen: string
  }
  /** The engine's state after the period; moved to its own key by `settle`, null from then on. */
  readonly next: JsonObject | null
}

/** Where a plan's servicing stands; one small value. */
export interface ServicingBook {
  /** Periods settled. */
  readonly settled: number
  readonly last: string | null
  readonly open: string | null
  /** The asset batch that the last settled period ended with. */
  readonly poolVersion: number
}

export const servicingKey = keysOf<ServicingBook>('servicing/book')
/** By plan and period. */
export const periodKey = keysOf<Period>('servicing/period')
/** By plan and period. */
export const distributionKey = keysOf<Distribution>('servicing/distribution')
/** What the engine remembers between periods (domain/waterfall/codec). Absent before the first settlement. */
export const engineKey = keysOf<JsonObject>('servicing/engine')
