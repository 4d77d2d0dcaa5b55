import type { Curve } from '../curve.ts'
import { stepAt } from '../curve.ts'
import { compareKeys } from '../allocation.ts'
import type { IsoDate } from '../date.ts'
import { yearsActual365 } from '../day-count.ts'
import type { Fen } from '../money.ts'
import { rateToNumber } from '../rate.ts'
import { presentValue, type Cash } from './present-value.ts'
import { bisect, SolveError } from './solve.ts'

const netPresent = (flows: readonly Cash[], from: IsoDate, rate: number): number =>
  flows.reduce((sum, { date, fen }) => sum + Number(fen) * Math.pow(1 + rate, -yearsActual365(from, date)), 0)

/**
 * Rate with sum(cash ÷ (1 + r)^(days ÷ 365)) = 0, days from the first date; the root nearest above −100 % when there are
 * several.
 * @throws SolveError `NO_ROOT` when the flows have no sign change, or no rate between −99.9999 % and 100,000 %
 */
export function irr(flows: readonly Cash[]): number {
  const sorted = [...flows].sort((a, b) => compareKeys(a.date, b.date))
  const first = sorted[0]?.date
  if (first === undefined) throw new SolveError({ flows: '0' })
  const f = (rate: number): number => netPresent(sorted, first, rate)
  const steps = [-0.999999, -0.9, -0.5, -0.2, 0, 0.1, 0.3, 1, 3, 10, 100, 1000]
  for (let i = 1; i < steps.length; i += 1) {
    const low = steps[i - 1]!
    const high = steps[i]!
    if (f(low) === 0 || f(low) < 0 !== f(high) < 0) return bisect(f, { low, high })
  }
  throw new SolveError({ flows: String(flows.length), expected: 'a change of sign' })
}

/** The annual effective yield at which flows after a date are worth a price (unrounded). */
export function yieldOf(flows: readonly Cash[], asOf: IsoDate, price: Fen): number {
  return irr([{ date: asOf, fen: -price }, ...flows.filter(({ date }) => date > asOf)])
}

/** What has to be paid at a date so that the flows earn a rate, in yuan unrounded (a double). */
export function requiredAmount(flows: readonly Cash[], payDate: IsoDate, rate: number): number {
  const worth = flows.reduce(
    (sum, { date, fen }) => sum + Number(fen) * Math.pow(1 + rate, yearsActual365(date, payDate)),
    0,
  )
  return worth === 0 ? 0 : -worth / 100
}

/**
 * Z-spread: s with 100 · sum(PV at curve + s) ÷ origin balance = price, PVs floored, the curve a step curve looked up strictly
 * before the cash date. Since floored values move in steps, the middle of the stretch that meets the price is taken.
 */
export function zSpread(
  flows: readonly Cash[],
  asOf: IsoDate,
  target: { readonly originBalance: Fen; readonly pricePer100: number; readonly riskFree: Curve },
): number {
  const future = flows
    .filter(({ date }) => date > asOf)
    .map((cash) => ({ ...cash, rate: rateToNumber(stepAt(target.riskFree, cash.date, 'exclusive')) }))
  const price = (spread: number): number => {
    let total = 0n
    for (const { date, fen, rate } of future) total += presentValue(fen, asOf, date, rate + spread)
    return (100 * Number(total)) / Number(target.originBalance)
  }
  const lowest = Math.max(-0.9999, ...future.map(({ rate }) => -0.9999 - rate))
  const over = bisect((s) => (price(s) > target.pricePer100 ? 1 : -1), { low: lowest, high: 1000 })
  const under = bisect((s) => (price(s) >= target.pricePer100 ? 1 : -1), { low: lowest, high: 1000 })
  return (over + under) / 2
}
