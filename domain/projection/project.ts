import type { Asset, Assumption } from '../assets/types.ts'
import type { CurveSet } from '../curve.ts'
import type { IsoDate } from '../date.ts'
import { projectAmortizing } from './amortizing.ts'
import { combineFlows } from './combine.ts'
import { projectFixedAsset } from './fixed-asset.ts'
import { projectInstallment } from './installment.ts'
import { projectLease } from './lease.ts'
import { projectReceivable } from './receivable.ts'
import type { AssetSchedule } from './types.ts'

export interface ProjectionOptions {
  /** Rows dated before it are left out; the opening is what was outstanding then. */
  readonly asOf: IsoDate
  readonly assumption?: Assumption
  readonly indexCurves?: CurveSet
}

/**
 * The cash flow of one asset, exact to the fen by the `hastructure` conventions (C1–C7): contractual without assumption,
 * else stressed by it.
 * @throws AssetError for terms that give no cash flow (an index without curve, a fortnightly level payment, …)
 */
export function projectAsset(asset: Asset, { asOf, assumption, indexCurves = {} }: ProjectionOptions): AssetSchedule {
  switch (asset.assetType) {
    case 'Mortgage':
    case 'AdjustRateMortgage':
    case 'Loan':
      return projectAmortizing(asset, asOf, assumption, indexCurves)
    case 'Installment':
      return projectInstallment(asset, asOf, assumption)
    case 'Lease':
      return projectLease(asset, asOf, assumption)
    case 'Receivable':
      return projectReceivable(asset, asOf, assumption)
    case 'FixedAsset':
      return projectFixedAsset(asset, asOf)
    default:
      throw new TypeError(`no such asset: ${JSON.stringify(asset satisfies never)}`)
  }
}

/** All assets of a pool combined into one flow; the order of assets does not matter. */
export function projectPool(assets: readonly Asset[], options: ProjectionOptions): AssetSchedule {
  const schedules = assets.map((asset) => projectAsset(asset, options))
  return {
    openingBalance: schedules.reduce((sum, { openingBalance }) => sum + openingBalance, 0n),
    openingDate: options.asOf,
    rows: combineFlows(schedules.map(({ rows }) => rows)),
  }
}
