import { datesInRange } from '../../dates/pattern.ts'
import { programOf } from '../../waterfall/program.ts'
import { run } from '../../waterfall/run.ts'
import { projectedPool, purchases, type Scenario } from '../../waterfall/simulate.ts'
import { assetFromJson, assumptionFromJson, curveSetFromJson } from '../asset-json.ts'
import { defineCompute } from '../compute.ts'
import { dealTerms } from '../deal-json.ts'
import { fenFromJson } from '../numbers.ts'
import { pricingToJson } from '../pricing-json.ts'
import { ReportBook } from '../reports-json.ts'
import { runToJson } from '../run-json.ts'
import { DealSchema } from '../schema/deal.ts'

const runDeal = defineCompute('runDeal', DealSchema, (deal) => {
  const scenario: Scenario = {
    ...(deal.assumption && { assumption: assumptionFromJson(deal.assumption) }),
    indexCurves: curveSetFromJson(deal.indexCurves),
    offered: (deal.revolvingPool?.constant ?? []).map(assetFromJson),
  }
  const declared = Object.values(deal.pools)
  const pools = declared.map(({ asOf, assets }) => projectedPool({ asOf, assets: assets.map(assetFromJson) }, scenario))
  const terms = dealTerms(
    deal,
    declared.map(({ issuanceBalance }, index) =>
      issuanceBalance === undefined ? pools[index]!.openingBalance : fenFromJson(issuanceBalance),
    ),
  )
  const program = programOf(terms)
  const book = new ReportBook(program, deal)
  const result = run(terms, pools, {
    ...(scenario.indexCurves && { indexCurves: scenario.indexCurves }),
    ...purchases(scenario),
    statements: true,
    ...(deal.stop !== undefined && { stop: deal.stop }),
    reportDates: deal.reports ? datesInRange('II', deal.reports.pattern, program.start, program.statedMaturity) : [],
    onReport: (live) => book.close(live),
  })
  return {
    ...runToJson(terms, program, result),
    ...(deal.reports && { reports: book.reports }),
    ...(deal.pricing && { pricing: pricingToJson(program, result, deal.pricing) }),
  }
})

export const RUN_DEAL_COMPUTES = [runDeal]
