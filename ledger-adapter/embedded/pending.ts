import type { Candidate } from '../application/admission.ts'
import type { BuiltBlock } from '../application/build-block.ts'
import type { Waiting } from '../application/fair-queue.ts'
import { LedgerError, type CommittedEvent, type Executed } from '../port.ts'

/** A command that waits for a block, and whoever waits for its answer. */
export interface Pending extends Waiting {
  readonly candidate: Candidate
  readonly resolve: (executed: Executed) => void
  readonly reject: (error: LedgerError) => void
  /** Answered already, while its block was in doubt. */
  isAnswered: boolean
}

export const unanswered = (batch: readonly Pending[]): Pending[] => batch.filter(({ isAnswered }) => !isAnswered)

/** Tells those whose commands entered the block, which is durable. */
export function answer(block: BuiltBlock, entered: readonly Pending[]): void {
  const answers = executedOf(block)
  entered.forEach((pending, index) => {
    if (!pending.isAnswered) pending.resolve(answers[index]!)
    pending.isAnswered = true
  })
}

/** Tells those who have not been told yet that the store does not answer. */
export function answerAway(batch: readonly Pending[], stage: 'queue' | 'commit', outcomeKnown: boolean): void {
  for (const pending of batch) {
    if (!pending.isAnswered) pending.reject(new LedgerError(stage, 'STORE_UNAVAILABLE', outcomeKnown))
    pending.isAnswered = true
  }
}

export function executedOf({ header, results, events }: BuiltBlock): Executed[] {
  const byIndex: CommittedEvent[][] = results.map(() => [])
  for (const event of events) byIndex[event.cursor.index]?.push(event)
  return results.map((result, index) => ({
    commandId: result.commandId,
    digest: result.digest,
    position: { height: header.height, index },
    outcome: result.accepted
      ? { accepted: true, events: byIndex[index]! }
      : { accepted: false, refusal: result.refusal as never },
  }))
}
