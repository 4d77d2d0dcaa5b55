/**
 * A deal run on a pool of assets under assumptions: projection (exact, domain/projection) and interpreter together. For
 * analysts and conformance; never contract code.
 */
import type { Asset, Assumption } from '../assets/types.ts'
import type { CurveSet } from '../curve.ts'
import { addDays, daysBetween, type IsoDate } from '../date.ts'
import type { DealTerms } from '../deal/terms.ts'
import { mulDiv, sumFen, type Fen } from '../money.ts'
import { combineFlows } from '../projection/combine.ts'
import { projectAsset } from '../projection/project.ts'
import type { FlowRow } from '../projection/types.ts'
import { multiply, ratio, ZERO, type Rate } from '../rate.ts'
import type { FlowInput } from './pool-rows.ts'
import { run, type PoolInput, type RunOptions, type RunResult } from './run.ts'

export interface AssetPool {
  readonly asOf: IsoDate
  readonly assets: readonly Asset[]
}

export interface Scenario {
  readonly assumption?: Assumption
  readonly indexCurves?: CurveSet
  /** On offer at every purchase of a revolving pool. */
  readonly offered?: readonly Asset[]
}

const inDefault = (asset: Asset): boolean => 'status' in asset && typeof asset.status === 'object'
const defaultedBalance = (asset: Asset): Fen => (inDefault(asset) ? sizeOf(asset) : 0n)

/** Defaulted assets are not bought. */
const onOffer = ({ offered = [] }: Scenario): Asset[] => offered.filter((asset) => !inDefault(asset))

const options = ({ assumption, indexCurves }: Scenario, asOf: IsoDate) => ({
  asOf,
  ...(assumption && { assumption }),
  ...(indexCurves && { indexCurves }),
})

/** The flows of a pool, with the rate of its opening balances and what is in default at the start. */
export function projectedPool({ asOf, assets }: AssetPool, scenario: Scenario): PoolInput {
  const schedules = assets.map((asset) => projectAsset(asset, options(scenario, asOf)))
  const openingBalance = sumFen(schedules.map((schedule) => schedule.openingBalance))
  const weights = schedules.map((schedule) => schedule.openingBalance * (schedule.rows[0]?.rateMicro ?? 0n))
  return {
    openingBalance,
    rows: combineFlows(schedules.map(({ rows }) => rows)),
    weightedRate: openingBalance === 0n ? ZERO : ratio(sumFen(weights), openingBalance * 1_000_000n),
    defaulted: sumFen(assets.map(defaultedBalance)),
  }
}

/** The assets on offer, bought on a date for a balance: originated that day and scaled to it. */
export function boughtRows(scenario: Scenario, date: IsoDate, balance: Fen): readonly FlowRow[] {
  const assets = onOffer(scenario)
  const sizes = assets.map((asset) => sizeAt(asset, date))
  const total = sumFen(sizes)
  if (total === 0n) return []
  let left = balance
  return combineFlows(
    assets.map((asset, index) => {
      const share = index === assets.length - 1 ? left : mulDiv(balance, sizes[index]!, total, 'floor')
      left -= share
      return projectAsset(scaleAsset(asset, share, sizes[index]!, date), options(scenario, date)).rows
    }),
  )
}

/** The rates of the assets on offer, weighted by what a unit of the price is paid for. */
function offeredRate(scenario: Scenario, date: IsoDate): Rate {
  const assets = onOffer(scenario)
  const sizes = assets.map((asset) => sizeAt(asset, date))
  const total = sumFen(sizes)
  if (total === 0n) return ZERO
  const weighted = assets.map((asset, index) => {
    const { rows } = projectAsset({ ...asset, originDate: date } as Asset, options(scenario, date))
    return sizes[index]! * (rows[0]?.rateMicro ?? 0n)
  })
  return ratio(sumFen(weighted), total * 1_000_000n)
}

/** What a unit of the price is paid for: the balance, of a receivable its face, of a lease the rents to come. */
const sizeOf = (asset: Asset): Fen =>
  asset.assetType === 'Receivable' ? asset.faceValue : asset.assetType === 'Lease' ? 0n : asset.currentBalance

const sizeAt = (asset: Asset, date: IsoDate): Fen =>
  asset.assetType === 'Lease'
    ? projectAsset({ ...asset, originDate: date }, { asOf: date }).openingBalance
    : sizeOf(asset)

/** Every amount in proportion, floored to fen; of a lease the day rate, so that its rents may come to a little less. */
function scaleAsset(asset: Asset, to: Fen, from: Fen, originDate: IsoDate): Asset {
  if (from === 0n) return { ...asset, originDate } as Asset
  const part = (amount: Fen): Fen => (amount === from ? to : mulDiv(amount, to, from, 'floor'))
  switch (asset.assetType) {
    case 'Receivable': {
      const dueDate = addDays(originDate, daysBetween(asset.originDate, asset.dueDate))
      const fee = asset.fee?.type === 'fixed' ? { fee: { ...asset.fee, amount: part(asset.fee.amount) } } : {}
      return { ...asset, ...fee, originDate, dueDate, faceValue: to, advance: part(asset.advance) }
    }
    case 'Lease':
      return { ...asset, originDate, rentalPerDay: part(asset.rentalPerDay) }
    case 'FixedAsset': {
      const { originBalance, residualBalance } = asset
      const capacity = multiply(asset.capacity, ratio(to, from))
      const scaled = { originBalance: part(originBalance), residualBalance: part(residualBalance), capacity }
      return { ...asset, ...scaled, originDate, currentBalance: to }
    }
    default: {
      const scaled = { originDate, originBalance: part(asset.originBalance), currentBalance: to }
      // The dates of a listed plan stay; its amounts are in proportion.
      return (
        asset.amortization.type === 'Schedule'
          ? {
              ...asset,
              ...scaled,
              amortization: {
                ...asset.amortization,
                principal: asset.amortization.principal.map(([date, fen]) => [date, part(fen)] as const),
              },
            }
          : { ...asset, ...scaled }
      ) as Asset
    }
  }
}

/** What a run needs to buy assets: rows of a purchase, and how they join the pool's. */
export const purchases = (scenario: Scenario): Pick<RunOptions, 'buy' | 'combine' | 'offeredRate'> => ({
  ...((scenario.offered?.length ?? 0) > 0 && {
    buy: (date: IsoDate, balance: Fen) => boughtRows(scenario, date, balance),
    offeredRate: (date: IsoDate) => offeredRate(scenario, date),
  }),
  // The rows of a run are projected rows: FlowInput is what the interpreter reads of them.
  combine: (a: readonly FlowInput[], b: readonly FlowInput[]) =>
    combineFlows([a as readonly FlowRow[], b as readonly FlowRow[]]),
})

/** Projects the pools and runs the deal. */
export const simulate = (
  terms: DealTerms,
  pools: readonly AssetPool[],
  scenario: Scenario,
  more: RunOptions = {},
): RunResult =>
  run(
    terms,
    pools.map((pool) => projectedPool(pool, scenario)),
    { ...(scenario.indexCurves && { indexCurves: scenario.indexCurves }), ...purchases(scenario), ...more },
  )
