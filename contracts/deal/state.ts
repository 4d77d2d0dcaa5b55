import type { DealTerms } from '#domain/deal/terms'
import type { Status } from '#domain/deal/words'
import type { Hash } from '#proof/hash'
import { keysOf } from '../kernel/state.ts'
import { StateTable, type Transition } from '../kernel/state-table.ts'

/** The parties who act in a plan. Each list is from the terms, so that their hash binds the parties too. */
export const REQUIRED_PARTIES = [
  'originator',
  'servicer',
  'plan-manager',
  'custodian',
  'supervisory-bank',
  'rating-agency',
  'exchange',
  'depository',
] as const
export type RequiredParty = (typeof REQUIRED_PARTIES)[number]
export type Parties = Readonly<Record<string, readonly string[]>>

/**
 * The life of a plan. Terms and ratings need the plan manager *and* the rating agency, in either order; `by` is the
 * role that moves it, `emits` the event that says so.
 */
export const DEAL_ROWS = [
  { from: 'proposed', on: 'confirm-terms:plan-manager', by: 'plan-manager', to: 'terms-with-agency', emits: 'TermsConfirmed' },
  { from: 'proposed', on: 'confirm-terms:rating-agency', by: 'rating-agency', to: 'terms-with-manager', emits: 'TermsConfirmed' },
  { from: 'terms-with-agency', on: 'confirm-terms:rating-agency', by: 'rating-agency', to: 'terms-confirmed', emits: 'TermsConfirmed' },
  { from: 'terms-with-manager', on: 'confirm-terms:plan-manager', by: 'plan-manager', to: 'terms-confirmed', emits: 'TermsConfirmed' },
  { from: 'terms-confirmed', on: 'confirm-rating:plan-manager', by: 'plan-manager', to: 'rating-with-agency', emits: 'RatingConfirmed' },
  { from: 'terms-confirmed', on: 'confirm-rating:rating-agency', by: 'rating-agency', to: 'rating-with-manager', emits: 'RatingConfirmed' },
  { from: 'rating-with-agency', on: 'confirm-rating:rating-agency', by: 'rating-agency', to: 'rated', emits: 'RatingConfirmed' },
  { from: 'rating-with-manager', on: 'confirm-rating:plan-manager', by: 'plan-manager', to: 'rated', emits: 'RatingConfirmed' },
  { from: 'rated', on: 'approve', by: 'exchange', to: 'approved', emits: 'Decided' },
  { from: 'rated', on: 'reject', by: 'exchange', to: 'rejected', emits: 'Decided' },
  { from: 'proposed', on: 'withdraw', by: 'plan-manager', to: 'withdrawn', emits: 'Withdrawn' },
  { from: 'terms-with-agency', on: 'withdraw', by: 'plan-manager', to: 'withdrawn', emits: 'Withdrawn' },
  { from: 'terms-with-manager', on: 'withdraw', by: 'plan-manager', to: 'withdrawn', emits: 'Withdrawn' },
  { from: 'terms-confirmed', on: 'withdraw', by: 'plan-manager', to: 'withdrawn', emits: 'Withdrawn' },
  { from: 'rating-with-agency', on: 'withdraw', by: 'plan-manager', to: 'withdrawn', emits: 'Withdrawn' },
  { from: 'rating-with-manager', on: 'withdraw', by: 'plan-manager', to: 'withdrawn', emits: 'Withdrawn' },
  { from: 'rated', on: 'withdraw', by: 'plan-manager', to: 'withdrawn', emits: 'Withdrawn' },
  { from: 'approved', on: 'establish', by: 'plan-manager', to: 'allotted', emits: 'FundsVerified' },
  { from: 'allotted', on: 'register', by: 'depository', to: 'servicing', emits: 'Established' },
  { from: 'servicing', on: 'close', by: 'plan-manager', to: 'closed', emits: 'Closed' },
] as const satisfies readonly (Transition<string, string> & { by: string; emits: string })[] // prettier-ignore

export type DealState = (typeof DEAL_ROWS)[number]['from' | 'to']
export type DealTrigger = (typeof DEAL_ROWS)[number]['on']
export const DEAL_TABLE = new StateTable<DealState, DealTrigger>(DEAL_ROWS)

export interface Rating {
  readonly tranche: string
  readonly rating: string
}

/** One plan. Visible to its parties and holders, but for the investors. */
export interface Deal {
  readonly deal: string
  readonly state: DealState
  readonly termsHash: Hash
  readonly parties: Parties
  /** Who may subscribe; told to plan manager and custodian only. */
  readonly investors: readonly string[]
  readonly trancheIds: readonly string[]
  readonly initialPoolFen: string
  /** The operator who proposed it; another must check. */
  readonly proposedBy: string
  readonly ratings: readonly Rating[]
  readonly opinionHash: Hash | null
  /** Last business date on which an approved plan may be established. */
  readonly validUntil: string | null
  readonly establishedOn: string | null
  /** The instruction that pays the price to the originator; counts attempts, since a bank may void one. */
  readonly priceAttempt: number
  readonly priceFen: string
  /** Which waterfall rules, as the engine says; `pre-closing` before the first distribution. */
  readonly status: Status
}

export const dealKey = keysOf<Deal>('deal/deal')
/** The instruction by which the price is paid. */
export const priceInstruction = (deal: string, attempt: number): string => `${deal}:price:${attempt}`
/** The whole document: read only where it is run. */
export const termsKey = keysOf<DealTerms>('deal/terms')

/** A move to another version of the contracts that some parties have yet to agree to. */
export interface VersionMove {
  readonly bundle: Hash | null
  readonly manager: string
  readonly proposedBy: string
  readonly agreed: readonly string[]
}
export const versionMoveKey = keysOf<VersionMove>('deal/version-move')
