import { refusals } from '../kernel/refusal.ts'

/** What the contract `securities` may answer, besides the kernel's and the plan's own refusals. */
export const SECURITIES_ERRORS = {
  TRANCHE_NOT_FOUND: 'notFound',
  /** The tranche is kept by the originator whole; it is not sold in units. */
  TRANCHE_RETAINED: 'validation',
  NOT_INVITED: 'forbidden',
  SUBSCRIPTION_NOT_FOUND: 'notFound',
  SUBSCRIPTION_EXISTS: 'conflict',
  /** More units than are left; `left` says how many. */
  OVERSUBSCRIBED: 'conflict',
  /** No statement line of the custodian with this reference. */
  PAYMENT_NOT_FOUND: 'notFound',
  /** The line credits another account or amount than the subscription's. */
  PAYMENT_DIFFERS: 'conflict',
  /** The line has paid for another subscription. */
  PAYMENT_USED: 'conflict',
  /** The price to the originator is not booked yet. */
  PRICE_NOT_PAID: 'conflict',
  HOLDER_PAYMENT_NOT_FOUND: 'notFound',
  /** Only a payment whose instruction the depository has voided is instructed again. */
  PAYMENT_NOT_VOIDED: 'conflict',
} as const

export const refuseSecurities = refusals(SECURITIES_ERRORS)
