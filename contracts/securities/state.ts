import { keysOf } from '../kernel/state.ts'
import { StateTable, type Transition } from '../kernel/state-table.ts'

/** A subscription of one investor to one tranche. */
export const SUBSCRIPTION_ROWS = [
  { from: 'none', on: 'subscribe', by: 'investor', to: 'subscribed', emits: 'Subscribed' },
  { from: 'withdrawn', on: 'subscribe', by: 'investor', to: 'subscribed', emits: 'Subscribed' },
  { from: 'subscribed', on: 'withdraw', by: 'investor', to: 'withdrawn', emits: 'SubscriptionWithdrawn' },
  { from: 'subscribed', on: 'confirm-payment', by: 'custodian', to: 'paid', emits: 'PaymentConfirmed' },
  { from: 'paid', on: 'allot', by: 'plan-manager', to: 'allotted', emits: 'HoldingAllotted' },
] as const satisfies readonly (Transition<string, string> & { by: string; emits: string })[]
export type SubscriptionState = (typeof SUBSCRIPTION_ROWS)[number]['from' | 'to']
export type SubscriptionTrigger = (typeof SUBSCRIPTION_ROWS)[number]['on']
export const SUBSCRIPTION_TABLE = new StateTable<SubscriptionState, SubscriptionTrigger>(SUBSCRIPTION_ROWS)

/** Seen by the investor, the plan manager and the custodian until the plan is established. */
export interface Subscription {
  readonly deal: string
  readonly tranche: string
  readonly investor: string
  readonly units: number
  readonly amountFen: string
  readonly state: SubscriptionState
}

export const TRANCHE_ROWS = [
  { from: 'offered', on: 'allot', by: 'plan-manager', to: 'allotted', emits: 'Allotted' },
  { from: 'allotted', on: 'register', by: 'depository', to: 'registered', emits: 'HoldingsRegistered' },
  { from: 'registered', on: 'pay', by: 'plan-manager', to: 'registered', emits: 'TranchePaid' },
  { from: 'registered', on: 'redeem', by: 'plan-manager', to: 'redeemed', emits: 'TranchePaid' },
  /** Residual income may still reach a tranche whose principal is paid. */
  { from: 'redeemed', on: 'pay', by: 'plan-manager', to: 'redeemed', emits: 'TranchePaid' },
  { from: 'redeemed', on: 'redeem', by: 'plan-manager', to: 'redeemed', emits: 'TranchePaid' },
] as const satisfies readonly (Transition<string, string> & { by: string; emits: string })[]
export type TrancheState = (typeof TRANCHE_ROWS)[number]['from' | 'to']
export type TrancheTrigger = (typeof TRANCHE_ROWS)[number]['on']
export const TRANCHE_TABLE = new StateTable<TrancheState, TrancheTrigger>(TRANCHE_ROWS)

/** Seen by the parties and holders of the plan. */
export interface TrancheRecord {
  readonly deal: string
  readonly tranche: string
  readonly state: TrancheState
  /** null: kept whole by the originator, in any amount. */
  readonly unitFen: string | null
  readonly originalFen: string
  /** Principal outstanding: moves when a distribution is posted, never when it is calculated. */
  readonly balanceFen: string
  /** Principal that will never be paid: the plan ended before. */
  readonly writtenDownFen: string
}

export interface Holder {
  readonly holder: string
  /** Original face; each holder's share of every payment is face ÷ original. */
  readonly faceFen: string
}

export interface PaymentLine {
  readonly tranche: string
  readonly kind: 'interest' | 'principal' | 'residual'
  readonly amountFen: string
}

/** What one holder is paid for one period. Seen by that holder, plan manager, custodian and depository. */
export interface HolderPayment {
  readonly deal: string
  readonly period: string
  readonly holder: string
  readonly lines: readonly PaymentLine[]
  readonly totalFen: string
  /** Counts instructions; the last one's id is `instruction`. */
  readonly attempt: number
  readonly instruction: string
}

export const trancheKey = keysOf<TrancheRecord>('securities/tranche')
/** By plan, tranche and investor. */
export const subscriptionKey = keysOf<Subscription>('securities/subscription')
/** By plan and tranche: at most MAX_HOLDERS, in order of id. Seen by plan manager, custodian and depository. */
export const holdersKey = keysOf<{ readonly holders: readonly Holder[] }>('securities/holders')
/** By plan, tranche and holder. */
export const holdingKey = keysOf<Holder>('securities/holding')
/** By bank and reference: what a statement line was for, and how often its return was instructed. */
export const paymentLineKey = keysOf<{ readonly subscription: string; readonly returned: number }>(
  'securities/payment-line',
)
/** By plan, period and holder. */
export const holderPaymentKey = keysOf<HolderPayment>('securities/payment')
