/** The fixed vocabularies of deal terms. */

export const STATUSES = [
  'pre-closing',
  'revolving',
  'amortising',
  'accelerated',
  'defaulted',
  'called',
  'ended',
] as const
export type Status = (typeof STATUSES)[number]

/** Lists of steps by occasion: one per running status, and four that run on occasions of their own. */
export const WATERFALLS = [
  'on-closing',
  'end-of-collection',
  'revolving',
  'amortising',
  'accelerated',
  'defaulted',
  'clean-up',
] as const
export type WaterfallName = (typeof WATERFALLS)[number]

/** Columns of a collected pool row that are cash. */
export const SOURCES = [
  'interest',
  'principal',
  'prepayment',
  'recovery',
  'penalty',
  'lateFee',
  'repurchase',
  'other',
] as const
export type Source = (typeof SOURCES)[number]

/** The events of DOMAIN.md §2 ("events to know") and those of a run. */
export const DEAL_EVENTS = [
  'acceleration',
  'event-of-default',
  'enforcement',
  'liquidity-support',
  'early-amortisation',
  'early-termination',
  'expected-payment',
  'shortfall-payment',
  'revolving-purchase',
  'end-of-revolving',
  'guarantee-call',
  'clean-up-call',
  'accelerated-collection',
  'dismissal-of-servicer',
  'dismissal-of-trustee',
  'dismissal-of-custodian',
  'perfection',
  'insolvency',
  'material-adverse-effect',
  'rating-change',
  'trust-termination',
  'coupon-adjustment',
  'closing',
  'end-of-run',
] as const
export type DealEventName = (typeof DEAL_EVENTS)[number]

/** Roles of parties (DOMAIN.md §1). */
export const ROLES = [
  'originator',
  'servicer',
  'plan-manager',
  'custodian',
  'supervisory-bank',
  'rating-agency',
  'law-firm',
  'auditor',
  'guarantor',
  'exchange',
  'depository',
  'liquidity-provider',
  'swap-counterparty',
] as const
export type Role = (typeof ROLES)[number]
