import type { FastifyInstance } from 'fastify'
import type { Registry } from '#contracts/kernel/execute'
import { mount, type Mounting } from '../kit/route.ts'
import { writeRoute, type WriteDeps } from '../commands/write-route.ts'
import type { ReadingDeps } from '../reading/routes.ts'
import { issuanceReads } from './http/reads.ts'

export interface IssuanceDeps extends Mounting, WriteDeps, ReadingDeps {
  readonly registry: Registry
}

/** A plan from proposal to establishment, and the register of its securities. */
export async function issuanceService(app: FastifyInstance, deps: IssuanceDeps): Promise<void> {
  const write = (url: string, name: string) => writeRoute(deps.registry, 'issuance', url, name)
  mount(app, issuanceReads, deps)
  mount(
    app,
    [
      write('/v1/deals', 'deal.propose'),
      write('/v1/deals/{deal}/terms/confirmations', 'deal.confirmTerms'),
      write('/v1/deals/{deal}/ratings/confirmations', 'deal.confirmRating'),
      write('/v1/deals/{deal}/opinions', 'deal.lodgeOpinion'),
      write('/v1/deals/{deal}/decision', 'deal.decide'),
      write('/v1/deals/{deal}/withdrawal', 'deal.withdraw'),
      write('/v1/deals/{deal}/establishment', 'deal.establish'),
      write('/v1/deals/{deal}/price', 'deal.repeatPrice'),
      write('/v1/deals/{deal}/credits/returns', 'deal.returnCredit'),
      write('/v1/deals/{deal}/closing', 'deal.close'),
      write('/v1/deals/{deal}/subscriptions', 'securities.subscribe'),
      write('/v1/deals/{deal}/subscriptions/withdrawal', 'securities.withdrawSubscription'),
      write('/v1/deals/{deal}/subscriptions/payment', 'securities.confirmPayment'),
      write('/v1/deals/{deal}/registration', 'securities.register'),
    ],
    deps,
  )
}
