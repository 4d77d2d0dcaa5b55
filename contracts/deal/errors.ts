import { refusals } from '../kernel/refusal.ts'

/** What the contract `deal` may answer, besides the kernel's own refusals. */
export const DEAL_ERRORS = {
  /** A plan that is not established follows the active version. */
  NOT_ESTABLISHED: 'conflict',
  NOT_THE_ACTIVE_VERSION: 'conflict',
  SAME_VERSION: 'conflict',
  NO_SUCH_MOVE: 'notFound',
  AGREED_ALREADY: 'conflict',
  DEAL_EXISTS: 'conflict',
  DEAL_NOT_FOUND: 'notFound',
  /** The terms cannot run: path into the document and the problem. */
  TERMS_INVALID: 'validation',
  TERMS_TOO_LARGE: 'validation',
  /** The document does not hash to what was signed, or another hash was confirmed. */
  TERMS_DIFFER: 'conflict',
  PARTY_MISSING: 'validation',
  /** The participant has the role but is not this plan's. */
  NOT_A_PARTY: 'forbidden',
  /** Maker and checker must be two operators. */
  SAME_OPERATOR: 'forbidden',
  /** Not a member with the role that the plan gives it. */
  NOT_A_MEMBER: 'validation',
  INVESTOR_TWICE: 'validation',
  RATING_UNKNOWN_TRANCHE: 'validation',
  RATING_MISSING: 'validation',
  RATING_TWICE: 'validation',
  /** The second confirmation states other ratings than the first. */
  RATINGS_DIFFER: 'conflict',
  REASON_MISSING: 'validation',
  OPINION_LODGED: 'conflict',
  /** The exchange's no-objection is no longer valid at the business date. */
  APPROVAL_LAPSED: 'conflict',
  /** The first asset batch is not attested. */
  POOL_NOT_EFFECTIVE: 'conflict',
  /** A tranche is not fully subscribed and paid; missing fen named. */
  TRANCHE_NOT_PAID: 'conflict',
  /** The subscription account does not hold exactly what subscribers paid. */
  PROCEEDS_DIFFER: 'conflict',
  PRICE_NOT_VOIDED: 'conflict',
  /** No credit line with this reference on an account of the plan that the custodian keeps. */
  CREDIT_NOT_FOUND: 'notFound',
  /** The line pays a subscription, or went back already. */
  CREDIT_USED: 'conflict',
  /** The engine has not ended the plan yet, or cash is left on one of its accounts. */
  PLAN_NOT_ENDED: 'conflict',
  CASH_LEFT: 'conflict',
} as const

export const refuseDeal = refusals(DEAL_ERRORS)
