import { isFloating, AssetError, type AdjustRateMortgage, type Arm, type AssetRate } from '../assets/types.ts'
import { stepAt, toMicro, type CurveSet } from '../curve.ts'
import type { IsoDate } from '../date.ts'
import { addPeriods, patternDates, type Period } from '../dates/pattern.ts'
import { mulDiv } from '../money.ts'
import type { Rate } from '../rate.ts'

/** Periods a year that an annual rate is divided by (C2); a fortnight has none. */
const PER_YEAR: Record<Exclude<Period, 'BiWeekly'>, Rate> = {
  Daily: { numerator: 365n, denominator: 1n },
  Weekly: { numerator: 52_143n, denominator: 1000n },
  Monthly: { numerator: 12n, denominator: 1n },
  Quarterly: { numerator: 4n, denominator: 1n },
  SemiAnnually: { numerator: 2n, denominator: 1n },
  Annually: { numerator: 1n, denominator: 1n },
}

/**
 * C2: rate of one period in millionths, annual ÷ periods a year, floored.
 * @throws AssetError `NO_PERIOD_RATE` for a fortnight
 */
export function periodRateMicro(period: Period, annualMicro: bigint): bigint {
  if (period === 'BiWeekly') throw new AssetError('NO_PERIOD_RATE', { period })
  const { numerator, denominator } = PER_YEAR[period]
  return mulDiv(annualMicro, denominator, numerator, 'floor')
}

/** A rate over time: from each date (included) the rate in millionths; before the first the start rate. */
export interface RatePath {
  readonly startMicro: bigint
  readonly changes: readonly (readonly [IsoDate, bigint])[]
}

export function rateOn({ startMicro, changes }: RatePath, date: IsoDate): bigint {
  let rate = startMicro
  for (const [from, micro] of changes) if (from <= date) rate = micro
  return rate
}

/** The rate before any reset: the current one, else that at origin. */
export const startRateMicro = (originRate: AssetRate, currentRate: Rate | undefined): bigint =>
  toMicro(currentRate ?? (isFloating(originRate) ? originRate.initial : originRate))

/**
 * The path of an asset's rate: current rate, then index + spread at each reset, not under the floor, then not over the cap.
 * @throws AssetError `NO_INDEX` when the index curve is not given
 */
export function assetRatePath(
  originRate: AssetRate,
  currentRate: Rate | undefined,
  { from, to }: { from: IsoDate; to: IsoDate },
  curves: CurveSet,
): RatePath {
  if (!isFloating(originRate)) return { startMicro: startRateMicro(originRate, currentRate), changes: [] }
  const { index, spread, resetPattern, floor, cap } = originRate
  const curve = indexCurve(curves, index)
  const changes = patternDates(resetPattern, from, to).map((date) => {
    let micro = toMicro(stepAt(curve, date, 'inclusive')) + toMicro(spread)
    if (floor && micro < toMicro(floor)) micro = toMicro(floor)
    if (cap && micro > toMicro(cap)) micro = toMicro(cap)
    return [date, micro] as const
  })
  return { startMicro: startRateMicro(originRate, currentRate), changes }
}

export function indexCurve(curves: CurveSet, index: string): CurveSet[string] {
  const curve = Object.hasOwn(curves, index) ? curves[index] : undefined
  if (!curve) throw new AssetError('NO_INDEX', { index })
  return curve
}

export interface ArmReset {
  readonly indexMicro: bigint
}

export interface ArmTerms extends Arm {
  readonly startRate: Rate
  readonly spread: Rate
  /** Step to which the second and later resets are floored. */
  readonly roundStep?: Rate
}

/**
 * The rates after each reset of an adjustable-rate mortgage, in millionths: index + spread, rounded (second reset on),
 * the first at most start + firstResetCap, later ones at most the previous (before floor and life cap) + periodicCap, then
 * at least lifeFloor, then at most lifeCap.
 */
export function armRates(terms: ArmTerms, indexMicros: readonly bigint[]): bigint[] {
  const spread = toMicro(terms.spread)
  let previous = toMicro(terms.startRate)
  return indexMicros.map((index, i) => {
    let rate = index + spread
    if (i > 0 && terms.roundStep) {
      const { numerator, denominator } = terms.roundStep
      const steps = mulDiv(rate, denominator, numerator * 1_000_000n, 'floor')
      rate = mulDiv(steps, numerator * 1_000_000n, denominator, 'floor')
    }
    const ceiling = previous + toMicro(i === 0 ? terms.firstResetCap : terms.periodicCap)
    if (rate > ceiling) rate = ceiling
    previous = rate
    if (rate < toMicro(terms.lifeFloor)) rate = toMicro(terms.lifeFloor)
    if (rate > toMicro(terms.lifeCap)) rate = toMicro(terms.lifeCap)
    return rate
  })
}

/** Resets from the first one (initPeriods + 1 periods after origin) and the pattern's dates after it to the last payment. */
export function armRatePath(asset: AdjustRateMortgage, lastPayment: IsoDate, curves: CurveSet): RatePath {
  const { originRate, arm, originDate, freq } = asset
  if (!isFloating(originRate)) return { startMicro: toMicro(asset.currentRate ?? originRate), changes: [] }
  const first = addPeriods(originDate, freq, arm.initPeriods + 1)
  const later = patternDates(originRate.resetPattern, first, lastPayment).filter((date) => date > first)
  const dates = first <= lastPayment ? [first, ...later] : []
  const curve = indexCurve(curves, originRate.index)
  const terms = { ...arm, startRate: originRate.initial, spread: originRate.spread }
  const rates = armRates(
    terms,
    dates.map((date) => toMicro(stepAt(curve, date, 'inclusive'))),
  )
  return { startMicro: toMicro(originRate.initial), changes: dates.map((date, i) => [date, rates[i]!] as const) }
}
