import { holdingKey } from '#contracts/receivable/state'
import type { Ledger } from '#ledger-adapter/port'
import { readState } from '#node/read-state'
import type { CommandName } from '#proof/command'
import type { SignedIn } from '../../kit/caller.ts'
import type { WorkflowStarter } from '../../kit/workflows.ts'
import { bytesOf, commandOf, type SignedBody } from '../../commands/signed-command.ts'
import { mustBeOwn } from '../../commands/submit.ts'

export const SPLIT_WORKFLOW = 'receivableSplit'

/**
 * The business key: one run per holding and command, whose id is its participant's own (ADR 044); the same request again
 * joins it. Identifiers hold no slash.
 */
export const splitWorkflowId = (holding: string, { participant, commandId }: CommandName): string =>
  `receivable-split:${participant}/${holding}/${commandId}`

export interface Splitting {
  /** Hands the holder's signed bytes to the workflow that carries them to the ledger and tells both sides. */
  request(body: SignedBody, caller: SignedIn): Promise<{ workflowId: string; commandId: string }>
}

export function createSplitting({
  ledger,
  workflows,
}: {
  ledger: Pick<Ledger, 'query'>
  workflows: WorkflowStarter
}): Splitting {
  return {
    async request(body, caller) {
      mustBeOwn(body, caller)
      const { args, commandId, participant } = commandOf(body)
      const id = String(args['holding'])
      const holding = await readState(ledger, (read) => read(holdingKey(id)), [holdingKey(id)])
      // Whether it may be split is the contract's to say; here only who is to be told.
      const notify = [...new Set([participant, ...(holding ? [holding.issuer] : [])])]
      const workflowId = splitWorkflowId(id, { participant, commandId })
      const signedBase64 = Buffer.from(bytesOf(body)).toString('base64')
      await workflows.start({
        name: SPLIT_WORKFLOW,
        workflowId,
        participant,
        input: { signedBase64, holding: id, notify },
      })
      return { workflowId, commandId }
    },
  }
}
