import type { Route } from '../../kit/route.ts'
import { readRoutes, type ReadingDeps } from '../../reading/routes.ts'
import { assetBatches, payments, periods, periodTranches, waterfallLines } from '../store.ts'

const tag = 'servicing'

export const servicingReads: readonly Route<ReadingDeps>[] = [
  ...readRoutes({
    url: '/v1/deals/{deal}/batches',
    tag,
    what: 'asset batches of a plan',
    projections: ['batches'],
    path: { deal: 'deal' },
    listing: {
      table: assetBatches,
      id: assetBatches.id,
      topics: assetBatches.topics,
      sort: { version: assetBatches.version, asOf: assetBatches.asOf },
      filter: { deal: assetBatches.deal, state: assetBatches.state },
    },
  }),
  ...readRoutes({
    url: '/v1/deals/{deal}/periods',
    tag,
    what: 'periods of a plan',
    projections: ['periods'],
    path: { deal: 'deal' },
    listing: {
      table: periods,
      id: periods.id,
      topics: periods.topics,
      sort: { period: periods.period, payDate: periods.payDate },
      filter: { deal: periods.deal, state: periods.state, period: periods.period },
    },
  }),
  ...readRoutes({
    url: '/v1/deals/{deal}/periods/{period}/lines',
    tag,
    what: 'waterfall lines of a period',
    projections: ['periods'],
    path: { deal: 'deal', period: 'period' },
    listing: {
      table: waterfallLines,
      id: waterfallLines.id,
      topics: waterfallLines.topics,
      sort: { line: waterfallLines.line, paid: waterfallLines.paid },
      filter: {
        deal: waterfallLines.deal,
        period: waterfallLines.period,
        step: waterfallLines.step,
        clause: waterfallLines.clause,
      },
    },
  }),
  ...readRoutes({
    url: '/v1/deals/{deal}/periods/{period}/tranches',
    tag,
    what: 'tranches in a period',
    projections: ['periods'],
    path: { deal: 'deal', period: 'period' },
    listing: {
      table: periodTranches,
      id: periodTranches.id,
      topics: periodTranches.topics,
      sort: {},
      filter: { deal: periodTranches.deal, period: periodTranches.period, tranche: periodTranches.tranche },
    },
  }),
  ...readRoutes({
    url: '/v1/deals/{deal}/payments',
    tag,
    what: "holders' amounts",
    projections: ['securities'],
    path: { deal: 'deal' },
    listing: {
      table: payments,
      id: payments.id,
      topics: payments.topics,
      sort: { period: payments.period, totalFen: payments.totalFen },
      filter: { deal: payments.deal, period: payments.period, holder: payments.holder },
    },
  }),
]
