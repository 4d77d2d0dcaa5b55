import { refusals } from '../kernel/refusal.ts'

/**
 * Refusals of receivables. Order of the tests: found, whose, behind its date (BEHIND), state (WRONG_STATE), then the
 * method's own rules.
 */
export const refuse = refusals({
  BATCH_NOT_FOUND: 'notFound',
  RECEIVABLE_NOT_FOUND: 'notFound',
  HOLDING_NOT_FOUND: 'notFound',
  PARTICIPANT_NOT_FOUND: 'notFound',
  NOT_THE_ISSUER: 'forbidden',
  NOT_THE_SUPPLIER: 'forbidden',
  NOT_THE_HOLDER: 'forbidden',
  NOT_THE_RECIPIENT: 'forbidden',
  /** Maker and checker are two operators of one participant. */
  SAME_OPERATOR: 'forbidden',
  BATCH_EXISTS: 'conflict',
  RECEIVABLE_EXISTS: 'conflict',
  HOLDING_EXISTS: 'conflict',
  NOT_A_DATE: 'validation',
  BAD_TENOR_CAP: 'validation',
  TENOR_NO_CAP: 'validation',
  TENOR_NOT_AFTER_ISSUE: 'validation',
  TENOR_TOO_LONG: 'validation',
  TENOR_NEEDS_REASON: 'validation',
  /** The supplier or recipient has not the role for it, or is the other side itself. */
  WRONG_RECIPIENT: 'validation',
  DUPLICATE_INVOICE: 'validation',
  INVOICES_DO_NOT_COVER: 'validation',
  /** The same invoice with another amount: an alert, never a new key. */
  INVOICE_CONFLICT: 'conflict',
  INVOICE_OVERASSIGNED: 'conflict',
  MATURED: 'conflict',
  PARTS_DO_NOT_SUM: 'validation',
  BELOW_MINIMUM: 'validation',
  DUPLICATE_HOLDING: 'validation',
  TOO_MANY_TIERS: 'conflict',
  UNTIL_IN_THE_PAST: 'validation',
  PROPOSAL_EXPIRED: 'conflict',
})
