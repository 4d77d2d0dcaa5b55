import { Type } from 'typebox'
import { ID_PATTERN } from '#proof/command'
import { notFound } from '../../kit/problem.ts'
import { routeOf, type Route } from '../../kit/route.ts'
import { At, readRoutes, type ReadingDeps } from '../../reading/routes.ts'
import { holdings, lineageOf, receivableBatches, receivables } from '../store.ts'

const tag = 'receivable-split'
const projections = ['receivables']
const Text = Type.String()

const lineage = routeOf<ReadingDeps>(tag)({
  method: 'GET',
  url: '/v1/holdings/{holding}/lineage',
  summary: 'From a holding back to the one that was accepted: the steps that the caller may see',
  schema: {
    params: Type.Object({ holding: Type.String({ pattern: ID_PATTERN }) }),
    querystring: Type.Object({ at: At }, { additionalProperties: false }),
    response: {
      200: Type.Object({
        steps: Type.Array(
          Type.Object({
            id: Text,
            parent: Type.Union([Text, Type.Null()]),
            owner: Text,
            from: Text,
            to: Text,
            tier: Type.Integer(),
            state: Text,
            position: Text,
            depth: Type.Integer(),
          }),
        ),
      }),
    },
  },
  async handler({ params, query, caller }, { reading }) {
    await reading.reach(query.at, projections)
    const steps = await lineageOf(reading.db, params.holding, await reading.readable(caller))
    if (steps.length === 0) throw notFound('holding', params.holding)
    return { steps }
  },
})

export const receivableReads: readonly Route<ReadingDeps>[] = [
  ...readRoutes({
    url: '/v1/receivables',
    tag,
    what: 'receivables',
    projections,
    listing: {
      table: receivables,
      id: receivables.id,
      topics: receivables.topics,
      sort: { maturity: receivables.maturity, faceFen: receivables.faceFen, issued: receivables.issued },
      filter: {
        issuer: receivables.issuer,
        supplier: receivables.supplier,
        state: receivables.state,
        batch: receivables.batch,
      },
    },
  }),
  ...readRoutes({
    url: '/v1/holdings',
    tag,
    what: 'holdings of receivables',
    projections,
    listing: {
      table: holdings,
      id: holdings.id,
      topics: holdings.topics,
      sort: { maturity: holdings.maturity, from: holdings.from },
      filter: {
        owner: holdings.owner,
        receivable: holdings.receivable,
        state: holdings.state,
        parent: holdings.parent,
        issuer: holdings.issuer,
      },
    },
  }),
  ...readRoutes({
    url: '/v1/receivable-batches',
    tag,
    what: 'batches of receivables',
    projections,
    listing: {
      table: receivableBatches,
      id: receivableBatches.id,
      topics: receivableBatches.topics,
      sort: {},
      filter: { issuer: receivableBatches.issuer },
    },
  }),
  lineage,
]
