import type { IsoDate } from '#domain/date'
import type { TenorCap } from '#domain/tenor'
import { keysOf } from '../kernel/state.ts'
import { StateTable } from '../kernel/state-table.ts'

const RECEIVABLE_ROWS = [
  { from: 'draft', on: 'approve', to: 'approved' },
  { from: 'draft', on: 'reject', to: 'rejected' },
  { from: 'draft', on: 'withdraw', to: 'withdrawn' },
  { from: 'approved', on: 'accept', to: 'accepted' },
  { from: 'approved', on: 'reject', to: 'rejected' },
  { from: 'approved', on: 'withdraw', to: 'withdrawn' },
] as const
export type ReceivableState = (typeof RECEIVABLE_ROWS)[number]['from' | 'to']
export type ReceivableTrigger = (typeof RECEIVABLE_ROWS)[number]['on']
export const RECEIVABLE_STATES = new StateTable<ReceivableState, ReceivableTrigger>(RECEIVABLE_ROWS)

/** `split` and `transferred` are ends: their fen live on in the holdings that name this one as parent. */
const HOLDING_ROWS = [
  { from: 'held', on: 'split', to: 'split' },
  { from: 'held', on: 'proposeTransfer', to: 'reserved' },
  { from: 'reserved', on: 'acceptTransfer', to: 'transferred' },
  { from: 'reserved', on: 'withdrawTransfer', to: 'held' },
  { from: 'reserved', on: 'expireTransfer', to: 'held' },
] as const
export type HoldingState = (typeof HOLDING_ROWS)[number]['from' | 'to']
export type HoldingTrigger = (typeof HOLDING_ROWS)[number]['on']
export const HOLDING_STATES = new StateTable<HoldingState, HoldingTrigger>(HOLDING_ROWS)

/** What a core enterprise's receivables of one batch have in common. They share one date (LEDGER.md §3). */
export interface Batch {
  readonly id: string
  readonly issuer: string
  readonly minimumSplitFen: string
  /** How many transfers a fen may pass through; null: no cap. */
  readonly maximumTiers: number | null
  readonly tenorCaps: readonly TenorCap[]
}

export interface AssignedInvoice {
  readonly commitment: string
  /** Tax-inclusive amount of the invoice. */
  readonly amountFen: string
  /** How much of it stands behind this receivable. */
  readonly assignedFen: string
}

export interface Receivable {
  readonly id: string
  readonly batch: string
  readonly issuer: string
  readonly supplier: string
  readonly faceFen: string
  readonly issued: IsoDate
  readonly maturity: IsoDate
  readonly longTenorReason: string | null
  /** Commitment to contract, delivery and invoices, held outside the ledger. */
  readonly documents: string | null
  readonly invoices: readonly AssignedInvoice[]
  readonly state: ReceivableState
  /** The operator who drew it up; another of the same participant approves it. */
  readonly maker: string
  readonly checker: string | null
}

/** What an invoice is, and how much of it is behind receivables that are not rejected or withdrawn. */
export interface Invoice {
  readonly commitment: string
  readonly amountFen: string
  readonly assignedFen: string
}

export interface Proposal {
  readonly to: string
  /** The id that the holding has in the hands of the acceptor. */
  readonly holding: string
  /** The last business date on which it may be accepted. */
  readonly until: IsoDate
}

/** A run of fen [from, to] of one receivable, both ends included, in one hand. */
export interface Holding {
  readonly id: string
  readonly receivable: string
  readonly batch: string
  readonly issuer: string
  readonly owner: string
  readonly from: string
  readonly to: string
  readonly maturity: IsoDate
  /** The holding it was cut from or handed over from; null for the first. */
  readonly parent: string | null
  /** Transfers behind it. */
  readonly tier: number
  readonly state: HoldingState
  readonly proposal: Proposal | null
}

export const batchKey = keysOf<Batch>('receivable/batch')
export const receivableKey = keysOf<Receivable>('receivable/receivable')
export const invoiceKey = keysOf<Invoice>('receivable/invoice')
export const holdingKey = keysOf<Holding>('receivable/holding')
