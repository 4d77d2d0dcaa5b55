import type { IsoDate } from '#domain/date'
import { keysOf } from '../kernel/state.ts'
import { StateTable } from '../kernel/state-table.ts'

/** What an account is for. `external` mirrors the outside world and alone may be negative. */
export const ACCOUNT_KINDS = [
  'external', 'collection', 'plan', 'tranche', 'fee', 'guarantor', 'holder', 'core-enterprise', 'supplier', 'tax',
  'residue',
] as const // prettier-ignore
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

/** The mirror of one bank account. Amounts are fen as JSON carries them. */
export interface Account {
  readonly id: string
  readonly kind: AccountKind
  readonly owner: string
  /** The participant whose signed statement posts it. */
  readonly bank: string
  readonly deal: string | null
  readonly postedFen: string
  /** Promised to instructions that are pending; available = posted − reserved. Always 0 for `external`. */
  readonly reservedFen: string
}

/** One transfer; it names the step of the waterfall, the coupon or the trade that it settles. */
export interface Leg {
  readonly transferId: string
  readonly step: string
  readonly from: string
  readonly to: string
  readonly amountFen: string
}

const INSTRUCTION_ROWS = [
  { from: 'pending', on: 'post', to: 'posted' },
  { from: 'pending', on: 'void', to: 'voided' },
] as const
export const INSTRUCTION_STATES = new StateTable<'pending' | 'posted' | 'voided', 'post' | 'void'>(INSTRUCTION_ROWS)
export type InstructionState = (typeof INSTRUCTION_STATES.states)[number]

/** Linked transfers that happen together or not at all. */
export interface Instruction {
  readonly id: string
  readonly deal: string | null
  /** Who executes it and posts it. */
  readonly bank: string
  readonly state: InstructionState
  readonly date: IsoDate
  readonly legs: readonly Leg[]
  /** What each payer must have beforehand, after what earlier legs bring it. */
  readonly reserved: readonly { readonly account: string; readonly fen: string }[]
  /** Who is told of it. */
  readonly topics: readonly string[]
  /** The bank's statement line that posted it. */
  readonly reference: string | null
  readonly valueDate: IsoDate | null
}

export const accountKey = keysOf<Account>('cash/account')
export const instructionKey = keysOf<Instruction>('cash/instruction')
/** By bank and reference: the canonical text of the statement line that used it. */
export const referenceKey = keysOf<{ readonly line: string }>('cash/reference')
