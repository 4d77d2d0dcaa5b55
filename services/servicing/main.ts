import type { FastifyInstance } from 'fastify'
import type { Registry } from '#contracts/kernel/execute'
import { writeRoute, type WriteDeps } from '../commands/write-route.ts'
import { mount, type Mounting } from '../kit/route.ts'
import type { SignalSender } from '#node/relay/relay'
import type { WorkflowStarter } from '../kit/workflows.ts'
import type { ReadingDeps } from '../reading/routes.ts'
import { createPeriodRuns, type WaitingList } from './application/period-runs.ts'
import { servicingReads } from './http/reads.ts'
import { runRoute } from './http/run.ts'

export interface ServicingDeps extends Mounting, WriteDeps, ReadingDeps {
  readonly registry: Registry
  readonly workflows: WorkflowStarter & SignalSender
  readonly waiting: WaitingList
}

/** Asset batches and periods of a plan: collections, calculation, instructions, payment. */
export async function servicingService(app: FastifyInstance, deps: ServicingDeps): Promise<void> {
  const write = (url: string, name: string) => writeRoute(deps.registry, 'servicing', url, name)
  const period = '/v1/deals/{deal}/periods/{period}'
  mount(app, servicingReads, deps)
  mount(app, [runRoute], { ...deps, runs: createPeriodRuns(deps) })
  mount(
    app,
    [
      write('/v1/deals/{deal}/batches', 'asset-registry.proposeBatch'),
      write('/v1/deals/{deal}/batches/attestation', 'asset-registry.attest'),
      write('/v1/deals/{deal}/batches/rejection', 'asset-registry.reject'),
      write(`${period}/collections`, 'servicing.reportCollections'),
      write(`${period}/collections/transfer`, 'servicing.transferCollections'),
      write(`${period}/collections/confirmation`, 'servicing.confirmCollections'),
      write(`${period}/calculation`, 'servicing.calculate'),
      write(`${period}/instructions/approval`, 'servicing.approveInstructions'),
      write(`${period}/instructions/refusal`, 'servicing.refuseInstructions'),
      write(`${period}/reopening`, 'servicing.reopen'),
      write(`${period}/payments/repetition`, 'securities.repayHolder'),
      write(`${period}/settlement`, 'servicing.settle'),
    ],
    deps,
  )
}
