import type { FixedAsset } from '../assets/types.ts'
import { stepAt } from '../curve.ts'
import type { IsoDate } from '../date.ts'
import { addPeriods } from '../dates/pattern.ts'
import { maxFen, mulDiv, type Fen } from '../money.ts'
import { multiply } from '../rate.ts'
import { cutSchedule } from './combine.ts'
import { emptyRow, type AssetSchedule } from './types.ts'

function depreciationOf(asset: FixedAsset, book: Fen, left: number): Fen {
  const toResidual = book - asset.residualBalance
  if (toResidual <= 0n) return 0n
  if (left === 1) return toResidual
  const straight = mulDiv(toResidual, 1n, BigInt(left), 'floor')
  if (asset.method === 'straightLine') return straight
  const term = BigInt(asset.originTerm)
  const declining = book - mulDiv(book, term - 2n, term, 'floor')
  const greater = maxFen(declining, straight)
  return greater > toResidual ? toResidual : greater
}

/** Book value written down period by period, and the cash of floor(units × price); curves are looked up inclusively. */
export function projectFixedAsset(asset: FixedAsset, asOf: IsoDate): AssetSchedule {
  const { originDate, freq, originTerm, remainingTerm, extendPeriods, originBalance } = asset
  const paid = originTerm - remainingTerm
  let book = asset.currentBalance
  const rows = Array.from({ length: remainingTerm + extendPeriods }, (_, i) => {
    const date = addPeriods(originDate, freq, paid + i + 1)
    const newDepreciation = i < remainingTerm ? depreciationOf(asset, book, remainingTerm - i) : 0n
    book -= newDepreciation
    const used = multiply(asset.capacity, stepAt(asset.utilization, date, 'inclusive'))
    const units = mulDiv(used.numerator, 1n, used.denominator, 'floor')
    const price = stepAt(asset.price, date, 'inclusive')
    const cash = mulDiv(units * 100n, price.numerator, price.denominator, 'floor')
    return {
      ...emptyRow(date, book),
      newDepreciation,
      cumDepreciation: originBalance - book,
      units: Number(units),
      cash,
    }
  })
  return cutSchedule(asset.currentBalance, rows, asOf)
}
