import { daysBetween, type IsoDate } from './date.ts'
import { mulDiv } from './money.ts'
import { add, ONE, rateToNumber, multiply, ZERO, type Rate } from './rate.ts'

/** Dated values in date order: index fixings, prices, factors, a schedule of amounts. */
export type Curve = readonly (readonly [IsoDate, Rate])[]
/** Index curves by name. */
export type CurveSet = Readonly<Record<string, Curve>>
/** Whether a point dated on the asked date counts. */
export type Lookup = 'inclusive' | 'exclusive'

const counts = (point: IsoDate, date: IsoDate, lookup: Lookup): boolean =>
  lookup === 'inclusive' ? point <= date : point < date

/** Value of the last point before (or on) the date; undefined when there is none. */
export function lastValue(curve: Curve, date: IsoDate, lookup: Lookup): Rate | undefined {
  let found: Rate | undefined
  for (const [point, value] of curve) if (counts(point, date, lookup)) found = value
  return found
}

/** Step curve: the last value before (or on) the date, 0 when there is none. */
export const stepAt = (curve: Curve, date: IsoDate, lookup: Lookup): Rate => lastValue(curve, date, lookup) ?? ZERO

/** Looks forward: the value of the first point on (or after) the date; after the last point the last value. */
export function thresholdAt(curve: Curve, date: IsoDate, lookup: Lookup): Rate {
  const next = curve.find(([point]) => (lookup === 'inclusive' ? point >= date : point > date))
  return next?.[1] ?? curve.at(-1)?.[1] ?? ZERO
}

/** As a step curve, but 1 before the first point and from `end` on. */
export function factorAt(curve: Curve, date: IsoDate, lookup: Lookup, end?: IsoDate): Rate {
  if (end !== undefined && date >= end) return ONE
  return lastValue(curve, date, lookup) ?? ONE
}

/** Linear by actual days between points, flat outside; exact. */
export function linearAt(curve: Curve, date: IsoDate): Rate {
  const after = curve.findIndex(([point]) => point >= date)
  if (after === 0) return curve[0]![1]
  if (after < 0) return curve.at(-1)?.[1] ?? ZERO
  const [d1, v1] = curve[after - 1]!
  const [d2, v2] = curve[after]!
  const whole = BigInt(daysBetween(d1, d2))
  const part = BigInt(daysBetween(d1, date))
  const before = multiply(v1, { numerator: whole - part, denominator: whole })
  return add(before, multiply(v2, { numerator: part, denominator: whole }))
}

/** Millionths, floored: the six decimals that rates keep by convention C2. */
export const toMicro = ({ numerator, denominator }: Rate): bigint => mulDiv(numerator, 1_000_000n, denominator, 'floor')
export const fromMicro = (micro: bigint): Rate => ({ numerator: micro, denominator: 1_000_000n })
export const microToNumber = (micro: bigint): number => rateToNumber(fromMicro(micro))
