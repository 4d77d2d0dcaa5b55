/**
 * A deal run on a pool of assets under assumptions: projection (exact, domain/projection) and interpreter together. For
 * analysts and conformance; never contract code.
 */
import type { Asset, Assumption } from '../assets/types.ts'
import type { CurveSet } from '../curve.ts'
import { addDays, daysBetween, type IsoDate } from '../date.ts'
import type { DealTerms } from '../deal/terms.ts'
import { mulDiv, type Fen } from '../money.ts'
import { combineFlows } from '../projection/combine.ts'
import { projectAsset, projectPool } from '../projection/project.ts'
import type { FlowRow } from '../projection/types.ts'
import { ratio } from '../rate.ts'
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

const defaultedBalance = (asset: Asset): Fen => {
  if (!('status' in asset) || typeof asset.status !== 'object') return 0n
  return sizeOf(asset)
}

const options = ({ assumption, indexCurves }: Scenario, asOf: IsoDate) => ({
  asOf,
  ...(assumption && { assumption }),
  ...(indexCurves && { indexCurves }),
})

/** The flows of a pool, with its rate and what is in default at the start. */
export function projectedPool({ asOf, assets }: AssetPool, scenario: Scenario): PoolInput {
  const { openingBalance, rows } = projectPool(assets, options(scenario, asOf))
  return {
    openingBalance,
    rows,
    weightedRate: ratio(rows[0]?.rateMicro ?? 0n, 1_000_000n),
    defaulted: assets.reduce((sum, asset) => sum + defaultedBalance(asset), 0n),
  }
}

/** The assets on offer, bought on a date for a balance: originated that day and scaled to it. */
export function boughtRows(scenario: Scenario, date: IsoDate, balance: Fen): readonly FlowRow[] {
  const assets = scenario.offered ?? []
  const sizes = assets.map(sizeOf)
  const total = sizes.reduce((sum, size) => sum + size, 0n)
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

/** What a unit of the price is paid for: the balance, of a receivable its face. */
const sizeOf = (asset: Asset): Fen =>
  'currentBalance' in asset ? (asset.currentBalance ?? 0n) : 'faceValue' in asset ? asset.faceValue : 0n

function scaleAsset(asset: Asset, to: Fen, from: Fen, originDate: IsoDate): Asset {
  if (asset.assetType === 'Receivable' && from > 0n) {
    const dueDate = addDays(originDate, daysBetween(asset.originDate, asset.dueDate))
    const part = (amount: Fen): Fen => mulDiv(amount, to, from, 'floor')
    const fee = asset.fee?.type === 'fixed' ? { fee: { ...asset.fee, amount: part(asset.fee.amount) } } : {}
    return { ...asset, ...fee, originDate, dueDate, faceValue: to, advance: part(asset.advance) }
  }
  const dated = { ...asset, originDate } as Asset
  if (!('originBalance' in dated) || !('currentBalance' in dated) || from === 0n) return dated
  const originBalance = dated.originBalance === from ? to : mulDiv(dated.originBalance, to, from, 'floor')
  return { ...dated, originBalance, currentBalance: to } as Asset
}

/** What a run needs to buy assets: rows of a purchase, and how they join the pool's. */
export const purchases = (scenario: Scenario): Pick<RunOptions, 'buy' | 'combine'> => ({
  ...((scenario.offered?.length ?? 0) > 0 && {
    buy: (date: IsoDate, balance: Fen) => boughtRows(scenario, date, balance),
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
