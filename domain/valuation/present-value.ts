import type { IsoDate } from '../date.ts'
import { yearsActual365 } from '../day-count.ts'
import type { Fen } from '../money.ts'
import { floorYuan } from '../projection/doubles.ts'

/** A dated amount. */
export interface Cash {
  readonly date: IsoDate
  readonly fen: Fen
}

/** The annual rate, as a double, at which cash of a date is discounted. */
export type RateAt = (date: IsoDate) => number

export const flatRate =
  (rate: number): RateAt =>
  () =>
    rate

/** C16: amount ÷ (1 + r)^(days ÷ 365) in double, floored to fen. */
export function presentValue(fen: Fen, from: IsoDate, date: IsoDate, rate: number): Fen {
  return floorYuan(Number(fen) / 100 / Math.pow(1 + rate, yearsActual365(from, date)))
}

/** amount · (1 + r)^(days ÷ 365) in double, floored to fen. */
export function futureValue(fen: Fen, from: IsoDate, date: IsoDate, rate: number): Fen {
  return floorYuan((Number(fen) / 100) * Math.pow(1 + rate, yearsActual365(from, date)))
}

/** Sum of the floored present values of what is paid after a date. */
export function valueOf(flows: readonly Cash[], asOf: IsoDate, rateAt: RateAt): Fen {
  let total = 0n
  for (const { date, fen } of flows) if (date > asOf) total += presentValue(fen, asOf, date, rateAt(date))
  return total
}

/** Macaulay duration in years: sum(PV · t) ÷ sum(PV), PVs floored; 0 when nothing is worth anything. */
export function duration(flows: readonly Cash[], asOf: IsoDate, rateAt: RateAt): number {
  let weighted = 0
  let total = 0
  for (const { date, fen } of flows) {
    if (date <= asOf) continue
    const pv = Number(presentValue(fen, asOf, date, rateAt(date)))
    weighted += pv * yearsActual365(asOf, date)
    total += pv
  }
  return total === 0 ? 0 : weighted / total
}

/** Modified duration at a flat rate: Macaulay ÷ (1 + r). */
export const modifiedDuration = (flows: readonly Cash[], asOf: IsoDate, rate: number): number =>
  duration(flows, asOf, flatRate(rate)) / (1 + rate)

/** Sum of t(t + 1) · cash ÷ (1 + r)^(t + 2) over the sum of the floored PVs. */
export function convexity(flows: readonly Cash[], asOf: IsoDate, rateAt: RateAt): number {
  let weighted = 0
  let total = 0
  for (const { date, fen } of flows) {
    if (date <= asOf) continue
    const t = yearsActual365(asOf, date)
    const rate = rateAt(date)
    weighted += (t * (t + 1) * Number(fen)) / Math.pow(1 + rate, t + 2)
    total += Number(presentValue(fen, asOf, date, rate))
  }
  return total === 0 ? 0 : weighted / total
}

/** (1 − annual rate)^(days ÷ 365): the share that survives a speed. */
export const survivalFactor = (annual: number, from: IsoDate, to: IsoDate): number =>
  Math.pow(1 - annual, yearsActual365(from, to))
