import { Type } from 'typebox'
import { ID_PATTERN } from '#proof/command'
import { routeOf, type Route } from '../../kit/route.ts'
import type { PeriodRuns } from '../application/period-runs.ts'

export interface RunDeps {
  readonly runs: PeriodRuns
}

export const runRoute: Route<RunDeps> = routeOf<RunDeps>('servicing')({
  method: 'POST',
  url: '/v1/deals/{deal}/periods/{period}/runs',
  summary: 'Run the part of the caller in a period: one workflow per party, plan and period',
  schema: {
    params: Type.Object({
      deal: Type.String({ pattern: ID_PATTERN }),
      period: Type.String({ pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$' }),
    }),
    response: { 202: Type.Object({ workflowId: Type.String() }) },
  },
  handler: ({ params, caller }, { runs }) => runs.start(params.deal, params.period, caller),
})
