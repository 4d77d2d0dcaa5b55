import { addMonths, type IsoDate } from './date.ts'

/**
 * How long a digital receivable may run, by the day it is issued. The cap is law that changes, so it is data with dates:
 * in principle 6 months and 1 year at most (2025 notice, art. 11); a flat 6 months was announced in September 2026.
 */
export interface TenorCap {
  /** The cap holds for receivables issued on or after this day, until the next cap begins. */
  readonly from: IsoDate
  /** Longer needs a reason. */
  readonly inPrincipleMonths: number
  readonly atMostMonths: number
}

export type TenorProblem = 'NO_CAP' | 'NOT_AFTER_ISSUE' | 'TOO_LONG' | 'NEEDS_REASON'

/** The cap in force on a day: the latest that has begun. */
export const capOn = (caps: readonly TenorCap[], day: IsoDate): TenorCap | undefined =>
  [...caps].sort((a, b) => (a.from < b.from ? 1 : -1)).find(({ from }) => from <= day)

/**
 * Counts calendar months: issued on 31 August, 6 months end on the last day of February. `NEEDS_REASON` is answered for a
 * tenor beyond the one in principle unless a reason is given.
 */
export function tenorProblem(
  caps: readonly TenorCap[],
  { issued, maturity, hasReason }: { issued: IsoDate; maturity: IsoDate; hasReason: boolean },
): TenorProblem | undefined {
  if (maturity <= issued) return 'NOT_AFTER_ISSUE'
  const cap = capOn(caps, issued)
  if (!cap) return 'NO_CAP'
  if (maturity > addMonths(issued, cap.atMostMonths)) return 'TOO_LONG'
  return maturity > addMonths(issued, cap.inPrincipleMonths) && !hasReason ? 'NEEDS_REASON' : undefined
}
