import { ApplicationFailure } from '@temporalio/workflow'
import type { RefusalData, RefusalKind } from '#contracts/kernel/refusal'

/**
 * What a refusal of each kind is to Temporal; the only map of kinds to failures (services/kit/problem.ts has the one to
 * HTTP). Nobody makes a refused command right by sending it again, but what is transient passes by waiting: such a step
 * is tried again under a new id before it is ever a failure.
 */
export const FAILURE_OF_KIND = {
  validation: { nonRetryable: true },
  notFound: { nonRetryable: true },
  conflict: { nonRetryable: true },
  forbidden: { nonRetryable: true },
  transient: { nonRetryable: false },
  invariant: { nonRetryable: true },
} as const satisfies Record<RefusalKind, { nonRetryable: boolean }>

/** An object whose days are about to be closed is a conflict to whoever asks once, and a matter of waiting to a workflow. */
const PASSES = 'BEHIND'

/** Whether the same step may be accepted later without anybody changing what it says. */
export const mayPass = ({ code, kind }: RefusalData): boolean => code === PASSES || !FAILURE_OF_KIND[kind].nonRetryable

/** The refusal as a workflow's failure: its type is the code, its details are [kind, details]. */
export const failureOf = ({ code, kind, details }: RefusalData): ApplicationFailure =>
  ApplicationFailure.create({
    message: `refused: ${code}`,
    type: code,
    nonRetryable: FAILURE_OF_KIND[kind].nonRetryable,
    details: [kind, details],
  })
