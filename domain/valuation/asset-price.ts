import type { Asset } from '../assets/types.ts'
import { fromMicro } from '../curve.ts'
import { daysBetween, isoDate, type IsoDate } from '../date.ts'
import { mulDiv, type Fen } from '../money.ts'
import { openingOf } from '../projection/combine.ts'
import { projectAsset } from '../projection/project.ts'
import type { FlowRow } from '../projection/types.ts'
import { clawInterest } from '../projection/flows.ts'
import { convexity, duration, flatRate, valueOf } from './present-value.ts'
import { weightedAverageLife } from './wal.ts'

export interface AssetPrice {
  readonly valuation: Fen
  readonly walHundredths: bigint
  readonly duration: number
  readonly convexity: number
  readonly accruedInterest: Fen
  /** The future rows that were valued. */
  readonly flows: readonly FlowRow[]
}

const EARLIEST = isoDate('0001-01-01')

/**
 * Value of an asset's contractual flows (principal + interest) at a flat rate. Without accrued interest, that amount is first
 * taken off the earliest interest, in all figures.
 */
export function priceAsset(
  asset: Asset,
  pricingDate: IsoDate,
  discountRate: number,
  includeAccrued: boolean,
): AssetPrice {
  const { rows } = projectAsset(asset, { asOf: EARLIEST })
  const future = rows.filter(({ date }) => date > pricingDate)
  const past = rows.filter(({ date }) => date <= pricingDate).at(-1)
  const first = future[0]
  const balance = first ? openingOf(first) : 0n
  const accruedInterest = past && first ? accrued(balance, first.rateMicro, past.date, pricingDate) : 0n
  const interests = includeAccrued
    ? future.map(({ interest }) => interest)
    : clawInterest(
        future.map(({ interest }) => interest),
        accruedInterest,
      )
  const valued = future.map((row, i) => ({ ...row, interest: interests[i]! }))
  const cash = valued.map(({ date, principal, interest }) => ({ date, fen: principal + interest }))
  const rateAt = flatRate(discountRate)
  const principal = valued.map((row) => ({ date: row.date, fen: row.principal }))
  return {
    valuation: valueOf(cash, pricingDate, flatRate(Math.floor(discountRate * 1e6 + 1e-9) / 1e6)),
    walHundredths: weightedAverageLife(principal, balance, pricingDate, 365),
    duration: duration(cash, pricingDate, rateAt),
    convexity: convexity(cash, pricingDate, rateAt),
    accruedInterest,
    flows: valued,
  }
}

function accrued(balance: Fen, rateMicro: bigint, from: IsoDate, to: IsoDate): Fen {
  const { numerator, denominator } = fromMicro(rateMicro)
  return mulDiv(balance, numerator * BigInt(daysBetween(from, to)), denominator * 365n, 'floor')
}
