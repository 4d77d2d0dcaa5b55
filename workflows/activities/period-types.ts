import type { RootRecord } from '#contracts/asset-registry/state'
import type { Collections } from '#contracts/servicing/state'

/** What every workflow of a period is told; all else it reads from the ledger. */
export interface PeriodInput {
  readonly deal: string
  /** `2011-01` */
  readonly period: string
  /** From 0, in the order of the terms' dates. */
  readonly index: number
  /** The collection date that ends it. */
  readonly asOf: string
}

/** The servicer's figures of a period, from its own system. */
export interface ServicerReport {
  readonly version: number
  readonly previous: string
  readonly root: RootRecord
  readonly changed: number
  readonly contentHash: string
  readonly asOf: string
  readonly collections: Collections
  readonly defaultedFen: string
  readonly final: boolean
}

export interface ServicerActivities {
  /** Writes the period file to the exchange and states what it comes to. Asked again, the same answer. */
  prepareReport(input: PeriodInput): Promise<ServicerReport>
}

export interface CustodianActivities {
  /** Fetches the file of a proposed batch, applies it to the custodian's own book and answers the root that gives. */
  recomputeBatch(input: { readonly deal: string; readonly version: number }): Promise<RootRecord>
  /** What arrived for a period by the custodian's own bank statement, and the hash of that line. */
  statementOf(input: { readonly deal: string; readonly period: string }): Promise<{
    readonly statementFen: string
    readonly statementHash: string
  }>
}

export interface BankLine {
  readonly reference: string
  readonly valueDate: string
  readonly amountFen: string
}

export interface BankActivities {
  /** What arrived on an account from outside for a period, by the bank's statement. */
  incoming(input: { readonly account: string; readonly period: string }): Promise<readonly BankLine[]>
  /** What arrived on an account by one instruction, by the statement of the bank that keeps the account. */
  arrived(input: { readonly account: string; readonly instruction: string }): Promise<BankLine | null>
  /** Carries out an instruction as it stands on the ledger and answers the bank's line for it. */
  pay(input: { readonly instruction: string; readonly valueDate: string }): Promise<BankLine>
}
