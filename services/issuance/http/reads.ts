import { Type } from 'typebox'
import { ID_PATTERN } from '#proof/command'
import { notFound } from '../../kit/problem.ts'
import { routeOf, type Route } from '../../kit/route.ts'
import { item, type Listing } from '../../reading/page.ts'
import { At, readRoutes, type ReadingDeps } from '../../reading/routes.ts'
import { deals, dealSteps, positions, subscriptions, tranches } from '../store.ts'

const tag = 'issuance'
const dealListing: Listing = {
  table: deals,
  id: deals.id,
  topics: deals.topics,
  sort: { establishedOn: deals.establishedOn },
  filter: { state: deals.state, status: deals.status },
}

const terms = routeOf<ReadingDeps>(tag)({
  method: 'GET',
  url: '/v1/deals/{deal}/terms',
  summary: "A plan's terms, with the hash that its parties confirmed",
  schema: {
    params: Type.Object({ deal: Type.String({ pattern: ID_PATTERN }) }),
    querystring: Type.Object({ at: At }, { additionalProperties: false }),
    response: { 200: Type.Object({ deal: Type.String(), termsHash: Type.String(), terms: Type.Any() }) },
  },
  async handler({ params, query, caller }, { reading }) {
    await reading.reach(query.at, ['deals'])
    const row = await item(reading.db, dealListing, await reading.readable(caller), params.deal)
    if (!row) throw notFound('deal', params.deal)
    return { deal: params.deal, termsHash: row['termsHash'], terms: row['terms'] }
  },
})

export const issuanceReads: readonly Route<ReadingDeps>[] = [
  ...readRoutes({
    url: '/v1/deals',
    tag,
    what: 'plans',
    projections: ['deals'],
    idPattern: ID_PATTERN,
    heavy: ['terms'],
    listing: dealListing,
  }),
  terms,
  ...readRoutes({
    url: '/v1/deals/{deal}/steps',
    tag,
    what: 'steps of a plan',
    projections: ['deals'],
    path: { deal: 'deal' },
    listing: {
      table: dealSteps,
      id: dealSteps.id,
      topics: dealSteps.topics,
      sort: {},
      filter: { deal: dealSteps.deal, step: dealSteps.step, participant: dealSteps.participant },
    },
  }),
  ...readRoutes({
    url: '/v1/deals/{deal}/tranches',
    tag,
    what: 'tranches of a plan',
    projections: ['securities'],
    path: { deal: 'deal' },
    listing: {
      table: tranches,
      id: tranches.id,
      topics: tranches.topics,
      sort: { balanceFen: tranches.balanceFen },
      filter: { deal: tranches.deal, state: tranches.state },
    },
  }),
  ...readRoutes({
    url: '/v1/deals/{deal}/subscriptions',
    tag,
    what: 'subscriptions',
    projections: ['securities'],
    path: { deal: 'deal' },
    listing: {
      table: subscriptions,
      id: subscriptions.id,
      topics: subscriptions.topics,
      sort: { amountFen: subscriptions.amountFen },
      filter: {
        deal: subscriptions.deal,
        tranche: subscriptions.tranche,
        investor: subscriptions.investor,
        state: subscriptions.state,
      },
    },
  }),
  ...readRoutes({
    url: '/v1/deals/{deal}/positions',
    tag,
    what: 'holders of securities',
    projections: ['securities'],
    path: { deal: 'deal' },
    listing: {
      table: positions,
      id: positions.id,
      topics: positions.topics,
      sort: { faceFen: positions.faceFen },
      filter: { deal: positions.deal, tranche: positions.tranche, holder: positions.holder },
    },
  }),
]
