import { refusals } from '../kernel/refusal.ts'

/** What the contract `servicing` may answer, besides the kernel's, the plan's and cash's own refusals. */
export const SERVICING_ERRORS = {
  PERIOD_NOT_FOUND: 'notFound',
  /** Periods follow one another; `want` is the next. */
  WRONG_PERIOD: 'conflict',
  /** The period before is not settled. */
  PERIOD_OPEN: 'conflict',
  /** The collection date lies after the business date. */
  PERIOD_NOT_ENDED: 'conflict',
  /** The terms have no further dates before stated maturity. */
  NO_FURTHER_PERIOD: 'conflict',
  /** Reports of a period are numbered; `want` is the next revision. */
  WRONG_REVISION: 'conflict',
  /** A restated total below what was already transferred. */
  LESS_THAN_TRANSFERRED: 'conflict',
  /** What the servicer reports is not what the supervisory bank's lines credited. */
  COLLECTION_DIFFERS_FROM_BANK: 'conflict',
  TRANSFER_PENDING: 'conflict',
  TRANSFER_NOT_POSTED: 'conflict',
  /** The custodian's statement is not what the servicer reported; both figures are named. */
  STATEMENT_DIFFERS: 'conflict',
  /** No batch is effective at the collection date. */
  BATCH_NOT_EFFECTIVE: 'conflict',
  /** opening + purchased − principal collected − defaulted is not the closing balance of the batch. */
  POOL_DOES_NOT_RECONCILE: 'conflict',
  DEFAULTED_DIFFERS: 'conflict',
  /** A last distribution while more of the pool is open than the clean-up level. */
  POOL_NOT_ENDED: 'conflict',
  /** The engine cannot run the period; its code and details are named. */
  CALCULATION_FAILED: 'conflict',
  DISTRIBUTION_TOO_LARGE: 'conflict',
  /** The approver signed another result than the one calculated. */
  RESULT_DIFFERS: 'conflict',
  SAME_OPERATOR: 'forbidden',
  INSTRUCTION_NOT_POSTED: 'conflict',
  INSTRUCTION_NOT_VOIDED: 'conflict',
} as const

export const refuseServicing = refusals(SERVICING_ERRORS)
