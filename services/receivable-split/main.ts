import type { FastifyInstance } from 'fastify'
import type { Registry } from '#contracts/kernel/execute'
import { mount, type Mounting } from '../kit/route.ts'
import { writeRoute, type WriteDeps } from '../commands/write-route.ts'
import type { ReadingDeps } from '../reading/routes.ts'
import type { WorkflowStarter } from '../kit/workflows.ts'
import { createSplitting } from './application/splitting.ts'
import { receivableReads } from './http/reads.ts'
import { splitRoute } from './http/split.ts'

export interface ReceivableSplitDeps extends Mounting, WriteDeps, ReadingDeps {
  readonly registry: Registry
  readonly workflows: WorkflowStarter
}

/** Digital receivables: issue and accept, split by workflow, hand over; who holds which interval, and from whom. */
export async function receivableSplitService(app: FastifyInstance, deps: ReceivableSplitDeps): Promise<void> {
  const write = (url: string, name: string) => writeRoute(deps.registry, 'receivable-split', url, name)
  mount(app, [splitRoute(deps.registry)], { ...deps, splitting: createSplitting(deps) })
  mount(app, receivableReads, deps)
  mount(
    app,
    [
      write('/v1/receivable-batches', 'receivable.openBatch'),
      write('/v1/receivables', 'receivable.issue'),
      write('/v1/receivables/{receivable}/approval', 'receivable.approve'),
      write('/v1/receivables/{receivable}/acceptance', 'receivable.accept'),
      write('/v1/receivables/{receivable}/rejection', 'receivable.reject'),
      write('/v1/receivables/{receivable}/withdrawal', 'receivable.withdraw'),
      write('/v1/holdings/{holding}/transfers', 'receivable.proposeTransfer'),
      write('/v1/holdings/{holding}/transfers/acceptance', 'receivable.acceptTransfer'),
      write('/v1/holdings/{holding}/transfers/withdrawal', 'receivable.withdrawTransfer'),
    ],
    deps,
  )
}
