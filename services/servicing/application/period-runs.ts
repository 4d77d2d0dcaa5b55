import { dealKey, termsKey } from '#contracts/deal/state'
import { dealTopic } from '#contracts/kernel/event'
import { allPeriodDates } from '#contracts/servicing/period'
import type { Ledger } from '#ledger-adapter/port'
import type { SignalSender } from '#node/relay/relay'
import { readState } from '#node/read-state'
import type { SignedIn } from '../../kit/caller.ts'
import { forbidden, notFound } from '../../kit/problem.ts'
import type { WorkflowStarter } from '../../kit/workflows.ts'

/**
 * Each party's part of a period is a workflow of its own, and so are the events of the plan that wake it: the workflow
 * waits for what other parties do.
 */
export const PARTS = {
  servicer: { workflow: 'servicerPeriod', wakes: ['BatchAttested', 'CashCredited'] },
  'supervisory-bank': { workflow: 'bankPeriod', wakes: ['CollectionsTransferred'] },
  custodian: {
    workflow: 'custodianPeriod',
    wakes: ['BatchProposed', 'TransfersPosted', 'CollectionsTransferred', 'InstructionsApproved', 'DayClosed'],
  },
  'plan-manager': {
    workflow: 'planPeriod',
    wakes: [
      'CollectionsConfirmed',
      'InstructionsApproved',
      'InstructionsRefused',
      'TransfersPosted',
      'TransfersVoided',
    ],
  },
  depository: { workflow: 'depositoryPeriod', wakes: ['PeriodSettled'] },
} as const
export type Part = keyof typeof PARTS

/** The business key: one run per party's part, plan and period. */
export const periodWorkflowId = (part: Part, deal: string, period: string): string =>
  `${PARTS[part].workflow}:${deal}:${period}`

/** Which events a workflow waits for: the relay wakes it when they come. */
export interface WaitingList {
  add(workflowId: string, wakes: readonly { topic: string; event?: string }[]): Promise<void>
}

export interface PeriodRuns {
  start(deal: string, period: string, caller: SignedIn): Promise<{ workflowId: string }>
}

export function createPeriodRuns(deps: {
  ledger: Pick<Ledger, 'query' | 'head'>
  workflows: WorkflowStarter & SignalSender
  waiting: WaitingList
}): PeriodRuns {
  return {
    async start(deal, period, caller) {
      const { participant, functions } = caller
      const keys = [dealKey(deal), termsKey(deal)]
      const found = await readState(
        deps.ledger,
        (read) => ({ deal: read(dealKey(deal)), terms: read(termsKey(deal)) }),
        keys,
      )
      const parties = found.deal?.parties ?? {}
      if (!found.terms || !Object.values(parties).flat().includes(participant)) throw notFound('deal', deal)
      const part = (Object.keys(PARTS) as Part[]).find((role) => parties[role]?.includes(participant))
      if (!part) throw forbidden('NO_PART_IN_PERIODS', `${participant} has no part in the periods of ${deal}`)
      if (!functions.some((name) => name === 'maker' || name === 'service:servicing' || name === 'service:bank')) {
        throw forbidden(
          'WRONG_FUNCTION',
          `the key ${caller.keyId} is neither a maker's nor a servicing or bank service's`,
        )
      }
      const dates = allPeriodDates(found.terms)
      const index = dates.findIndex((each) => each.period === period)
      if (index < 0) throw notFound('period', period)
      const workflowId = periodWorkflowId(part, deal, period)
      const topic = dealTopic(deal)
      const input = { deal, period, index, asOf: dates[index]!.collectedTo }
      const before = await deps.ledger.head()
      await deps.workflows.start({ name: PARTS[part].workflow, workflowId, participant, input })
      // Only a workflow that runs can be told to wait: one that is not there is taken off the relay's list.
      await deps.waiting.add(
        workflowId,
        PARTS[part].wakes.map((event) => ({ topic, event })),
      )
      // What was committed in between may have passed the relay already.
      if ((await deps.ledger.head()).height > before.height) await deps.workflows.hint(workflowId)
      return { workflowId }
    },
  }
}
