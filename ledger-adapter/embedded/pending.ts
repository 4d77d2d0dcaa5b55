import type { CommandResult } from '#proof/block'
import type { Candidate } from '../application/admission.ts'
import type { BuiltBlock } from '../application/build-block.ts'
import type { Waiting } from '../application/fair-queue.ts'
import { LedgerError, type CommittedEvent, type Executed } from '../port.ts'
import type { LedgerStore, StoredCommand } from './store.ts'

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

export function executedOf({ header, commands, results, events }: BuiltBlock): Executed[] {
  const byIndex: CommittedEvent[][] = results.map(() => [])
  for (const event of events) byIndex[event.cursor.index]?.push(event)
  return results.map((result, index) => ({
    participant: commands[index]!.command.participant,
    commandId: result.commandId,
    digest: result.digest,
    position: { height: header.height, index },
    outcome: result.accepted
      ? { accepted: true, events: byIndex[index]! }
      : { accepted: false, refusal: result.refusal as never },
  }))
}

/** The answer to a command that is stored. */
export async function answerOf(store: Pick<LedgerStore, 'eventsOf'>, stored: StoredCommand): Promise<Executed> {
  const { height, index, participant, commandId, digest } = stored
  const result = JSON.parse(stored.result) as CommandResult
  const base = { participant, commandId, digest, position: { height, index } }
  if (!result.accepted) return { ...base, outcome: { accepted: false, refusal: result.refusal as never } }
  return { ...base, outcome: { accepted: true, events: await store.eventsOf(height, index) } }
}
