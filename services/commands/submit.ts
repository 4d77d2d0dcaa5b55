import { Type } from 'typebox'
import type { Executed, Ledger } from '#ledger-adapter/port'
import type { SignedIn } from '../kit/caller.ts'
import { forbidden, problemOfRefusal } from '../kit/problem.ts'
import { bytesOf, commandOf, type SignedBody } from './signed-command.ts'

/** The answer to a write that is committed. `position` is what reads take as `?at=`. */
export const Committed = Type.Object({
  commandId: Type.String(),
  digest: Type.String(),
  position: Type.String({ description: 'height.index' }),
  events: Type.Array(Type.Object({ contract: Type.String(), event: Type.String() })),
})

/** The answer to a write that a workflow carries on. */
export const Started = Type.Object({
  commandId: Type.String(),
  workflowId: Type.String(),
  position: Type.Optional(Type.String()),
})

export const positionText = ({ position }: Pick<Executed, 'position'>): string => `${position.height}.${position.index}`

/** One speaks for oneself: a stranger's signed bytes are the stranger's to send. @throws Problem 403 */
export function mustBeOwn(body: SignedBody, caller: SignedIn): void {
  const { participant } = commandOf(body)
  if (participant !== caller.participant) {
    throw forbidden('ANOTHER_PARTICIPANT', `the command is of ${participant}, the token of ${caller.participant}`)
  }
}

/**
 * Straight to the ledger: one command, one step.
 * @throws Problem of the contract's refusal, LedgerError
 */
export async function submit(ledger: Pick<Ledger, 'submit'>, body: SignedBody, caller: SignedIn) {
  mustBeOwn(body, caller)
  const executed = await ledger.submit(bytesOf(body))
  const { commandId, digest, outcome } = executed
  const position = positionText(executed)
  if (!outcome.accepted) throw problemOfRefusal(outcome.refusal, { commandId, position })
  return { commandId, digest, position, events: outcome.events.map(({ contract, event }) => ({ contract, event })) }
}
