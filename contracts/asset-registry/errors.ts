import { refusals } from '../kernel/refusal.ts'

/** What the contract `asset-registry` may answer, besides the kernel's and the plan's own refusals. */
export const BATCH_ERRORS = {
  BATCH_NOT_FOUND: 'notFound',
  /** Another batch of the plan waits for the custodian. */
  BATCH_PENDING: 'conflict',
  /** Versions go up by one; `want` is the next. */
  WRONG_VERSION: 'conflict',
  /** The batch was built on a root that is not the effective one. */
  STALE_PREVIOUS: 'conflict',
  /** One effective batch per plan and date, later than the one before. */
  DATE_NOT_LATER: 'conflict',
  /** The date lies after the plan's business date. */
  DATE_NOT_REACHED: 'validation',
  /** The root does not commit to its own count and sums, or they contradict one another. */
  BAD_ROOT: 'validation',
  /** A slot or an original balance disappeared, or more leaves changed than there are. */
  ROOT_NOT_A_SUCCESSOR: 'validation',
  /** The first batch does not carry the pool balance of the terms. */
  POOL_DIFFERS: 'conflict',
  /** What the custodian recomputed is not what the servicer proposed; `field` is the first that differs. */
  ROOT_DIFFERS: 'conflict',
} as const

export const refuseBatch = refusals(BATCH_ERRORS)
