import { dealKey } from '#contracts/deal/state'
import type { Ledger } from '#ledger-adapter/port'
import { readState } from '#node/read-state'
import { dealTopic } from '#contracts/kernel/event'
import type { SignedIn } from '../../kit/caller.ts'
import { forbidden, notFound } from '../../kit/problem.ts'
import type { WorkflowStarter } from '../../kit/workflows.ts'

export const PERIOD_WORKFLOW = 'planPeriod'

/** The business key: one run per plan and period. */
export const periodWorkflowId = (deal: string, period: string): string => `plan-period:${deal}:${period}`

/** Which topics a workflow waits for: the relay wakes it when they move. */
export interface WaitingList {
  add(workflowId: string, topics: readonly string[]): Promise<void>
}

export interface PeriodRuns {
  start(deal: string, period: string, caller: SignedIn): Promise<{ workflowId: string }>
}

export function createPeriodRuns(deps: {
  ledger: Pick<Ledger, 'query'>
  workflows: WorkflowStarter
  waiting: WaitingList
}): PeriodRuns {
  return {
    async start(deal, period, caller) {
      const { participant, functions } = caller
      const found = await readState(deps.ledger, (read) => read(dealKey(deal)), [dealKey(deal)])
      const parties = found ? Object.values(found.parties).flat() : []
      if (!found || !parties.includes(participant)) throw notFound('deal', deal)
      // The workflow signs with the plan manager's service key: nobody else sets that in motion.
      if (!(found.parties['plan-manager'] ?? []).includes(participant)) {
        throw forbidden('NOT_THE_PLAN_MANAGER', `only the plan manager of ${deal} runs its periods`)
      }
      if (!functions.some((name) => name === 'maker' || name === 'service:servicing')) {
        throw forbidden('WRONG_FUNCTION', `the key ${caller.keyId} is neither maker nor service:servicing`)
      }
      const workflowId = periodWorkflowId(deal, period)
      await deps.waiting.add(workflowId, [dealTopic(deal)])
      await deps.workflows.start({ name: PERIOD_WORKFLOW, workflowId, participant, input: { deal, period } })
      return { workflowId }
    },
  }
}
