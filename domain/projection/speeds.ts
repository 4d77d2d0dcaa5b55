import type { Assumption, Speed } from '../assets/types.ts'
import { stepAt } from '../curve.ts'
import { daysBetween, type IsoDate } from '../date.ts'
import { minFen, mulDiv, type Fen } from '../money.ts'
import { rateToNumber } from '../rate.ts'
import { floorTimesDouble, periodSpeed } from './doubles.ts'

/** Stress of one period; what it takes depends on the balance, in a fixed order: default, then prepayment. */
export interface PeriodStress {
  readonly defaultRate: number
  /** Replaces the rate: this amount, or the balance where that is less. */
  readonly defaultAmount?: Fen
  readonly prepayRate: number
}

const annualAt = (speed: Speed | undefined, period: number): number => {
  if (speed === undefined) return 0
  if (typeof speed === 'number') return speed
  return speed.vector[period - 1] ?? (speed.pad === 'last' ? (speed.vector.at(-1) ?? 0) : 0)
}

/** Whether an assumption changes contractual flows at all. */
export const isStressed = (assumption: Assumption | undefined): assumption is Assumption =>
  assumption !== undefined &&
  (assumption.CDR !== undefined ||
    assumption.CPR !== undefined ||
    assumption.PSA !== undefined ||
    assumption.defaultByAmount !== undefined ||
    assumption.defaultAtEndByRate !== undefined ||
    assumption.delinquency !== undefined)

/** PSA ramp: 0.2 % a month of loan age up to 6 %, times the multiple; monthly rate 1 − (1 − CPR)^(1/12). */
export const psaRate = (multiple: number, age: number): number =>
  1 - Math.pow(1 - Math.min(1, Math.min(0.002 * age, 0.06) * multiple), 1 / 12)

/**
 * Stress of each interval of `dates` (n + 1 dates give n periods).
 * @param age payments of the loan made before the first period, for the PSA ramp
 */
export function periodStresses(
  dates: readonly IsoDate[],
  assumption: Assumption | undefined,
  age: number,
): PeriodStress[] {
  if (!assumption) return dates.slice(1).map(() => ({ defaultRate: 0, prepayRate: 0 }))
  const { defaultStress, defaultByAmount, PSA } = assumption
  const first = dates[0]!
  const last = dates.at(-1)!
  return dates.slice(1).map((date, i) => {
    const period = i + 1
    const days = daysBetween(dates[i]!, date)
    const factor = defaultStress ? rateToNumber(stepAt(defaultStress, date, 'inclusive')) : 1
    const share = defaultByAmount?.split[i]
    return {
      defaultRate: Math.min(
        1,
        basicDefaultRate(assumption, period, dates.length - 1, days, daysBetween(first, last)) * factor,
      ),
      ...(defaultByAmount && {
        defaultAmount: share ? mulDiv(defaultByAmount.total, share.numerator, share.denominator, 'floor') : 0n,
      }),
      prepayRate: PSA === undefined ? periodSpeed(annualAt(assumption.CPR, period), days) : psaRate(PSA, age + period),
    }
  })
}

function basicDefaultRate(
  { CDR, defaultAtEndByRate }: Assumption,
  period: number,
  periods: number,
  days: number,
  horizonDays: number,
): number {
  if (!defaultAtEndByRate) return periodSpeed(annualAt(CDR, period), days)
  return period === periods
    ? periodSpeed(defaultAtEndByRate.lastCDR, horizonDays)
    : periodSpeed(defaultAtEndByRate.CDR, days)
}

/** C4: default first, then prepayment on what is left. */
export function stressBalance(balance: Fen, stress: PeriodStress): { default: Fen; prepayment: Fen; left: Fen } {
  const defaultAmount =
    stress.defaultAmount === undefined
      ? floorTimesDouble(balance, stress.defaultRate)
      : minFen(stress.defaultAmount, balance)
  const prepayment = floorTimesDouble(balance - defaultAmount, stress.prepayRate)
  return { default: defaultAmount, prepayment, left: balance - defaultAmount - prepayment }
}

/** Share of the balance before that survives a period's default and prepayment. */
export function survivalOf(balance: Fen, stress: PeriodStress): number {
  const defaultRate =
    stress.defaultAmount === undefined
      ? stress.defaultRate
      : balance === 0n
        ? 0
        : Number(minFen(stress.defaultAmount, balance)) / Number(balance)
  return (1 - defaultRate) * (1 - stress.prepayRate)
}
