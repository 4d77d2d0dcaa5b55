import { datesInRange } from '../../dates/pattern.ts'
import { combineFlows } from '../../projection/combine.ts'
import { projectAsset, projectPool } from '../../projection/project.ts'
import type { FlowRow } from '../../projection/types.ts'
import type { Asset, Assumption } from '../../assets/types.ts'
import { mulDiv, type Fen } from '../../money.ts'
import type { IsoDate } from '../../date.ts'
import { ratio } from '../../deal/rational.ts'
import type { Rate } from '../../rate.ts'
import { programOf } from '../../waterfall/program.ts'
import { run, type FlowInput, type PoolInput } from '../../waterfall/run.ts'
import { assetFromJson, assumptionFromJson, curveSetFromJson } from '../asset-json.ts'
import { defineCompute } from '../compute.ts'
import { dealTerms } from '../deal-json.ts'
import { fenFromJson, rateFromJson } from '../numbers.ts'
import { pricingToJson } from '../pricing-json.ts'
import { ReportBook } from '../reports-json.ts'
import { runToJson } from '../run-json.ts'
import { DealSchema, type DealJson } from '../schema/deal.ts'

const openingRate = (rows: readonly FlowRow[]): Rate => ratio(rows[0]?.rateMicro ?? 0n, 1_000_000n)

interface PoolFlows extends PoolInput {
  readonly issuance: Fen
}

/** Projects the pools of a deal as of their dates. */
function poolFlows(deal: DealJson, assumption: Assumption | undefined): PoolFlows[] {
  const indexCurves = curveSetFromJson(deal.indexCurves)
  return Object.values(deal.pools).map(({ asOf, issuanceBalance, assets }) => {
    const known = assets.map(assetFromJson)
    const { openingBalance, rows } = projectPool(known, { asOf, ...(assumption && { assumption }), indexCurves })
    return {
      openingBalance,
      rows,
      weightedRate: openingRate(rows),
      defaulted: known.reduce((sum, asset) => sum + defaultedBalance(asset), 0n),
      issuance: issuanceBalance === undefined ? openingBalance : fenFromJson(issuanceBalance),
    }
  })
}

const defaultedBalance = (asset: Asset): Fen =>
  'status' in asset && typeof asset.status === 'object'
    ? 'currentBalance' in asset
      ? (asset.currentBalance ?? 0n)
      : 'faceValue' in asset
        ? asset.faceValue
        : 0n
    : 0n

/** The assets on offer, bought on a date for a balance: originated that day and scaled to it. */
function boughtRows(
  assets: readonly Asset[],
  date: IsoDate,
  balance: Fen,
  assumption: Assumption | undefined,
  deal: DealJson,
): readonly FlowRow[] {
  const sizes = assets.map((asset) => ('currentBalance' in asset ? (asset.currentBalance ?? 0n) : 0n))
  const total = sizes.reduce((sum, size) => sum + size, 0n)
  let left = balance
  const schedules = assets.map((asset, index) => {
    const share = index === assets.length - 1 ? left : mulDiv(balance, sizes[index]!, total, 'floor')
    left -= share
    const scaled = scaleAsset(asset, share, sizes[index]!, date)
    return projectAsset(scaled, {
      asOf: date,
      ...(assumption && { assumption }),
      indexCurves: curveSetFromJson(deal.indexCurves),
    }).rows
  })
  return combineFlows(schedules)
}

function scaleAsset(asset: Asset, to: Fen, from: Fen, originDate: IsoDate): Asset {
  const scale = (fen: Fen): Fen => (fen === from ? to : mulDiv(fen, to, from, 'floor'))
  const dated = { ...asset, originDate } as Asset
  if ('originBalance' in dated && 'currentBalance' in dated)
    return { ...dated, originBalance: scale(dated.originBalance), currentBalance: to } as Asset
  return dated
}

const runDeal = defineCompute('runDeal', DealSchema, (deal) => {
  const assumption = deal.assumption && assumptionFromJson(deal.assumption)
  const pools = poolFlows(deal, assumption)
  const terms = dealTerms(
    deal,
    pools.map(({ issuance }) => issuance),
  )
  const program = programOf(terms)
  const offered = (deal.revolvingPool?.constant ?? []).map(assetFromJson)
  const reportDates = deal.reports
    ? datesInRange('II', deal.reports.pattern, program.start, program.statedMaturity)
    : []
  const book = new ReportBook(program, deal)
  const result = run(terms, pools, {
    indexCurves: Object.fromEntries(
      Object.entries(deal.indexCurves ?? {}).map(([name, points]) => [
        name,
        points.map(([date, value]) => [date, rateFromJson(value)] as const),
      ]),
    ),
    statements: true,
    ...(deal.stop !== undefined && { stop: deal.stop }),
    ...(offered.length > 0 && { buy: (date, balance) => boughtRows(offered, date, balance, assumption, deal) }),
    combine: (a: readonly FlowInput[], b: readonly FlowInput[]) =>
      combineFlows([a as readonly FlowRow[], b as readonly FlowRow[]]),
    reportDates,
    onReport: (live) => book.close(live),
  })
  return {
    ...runToJson(terms, program, result),
    ...(deal.reports && { reports: book.reports }),
    ...(deal.pricing && { pricing: pricingToJson(program, result, deal.pricing) }),
  }
})

export const RUN_DEAL_COMPUTES = [runDeal]
