import type { Assumption, Lease } from '../assets/types.ts'
import { addDays, daysBetween, type IsoDate } from '../date.ts'
import { firstDates } from '../dates/pattern.ts'
import { mulDiv, type Fen } from '../money.ts'
import { emptyRow, type AssetSchedule, type FlowRow } from './types.ts'

interface RunningLease {
  readonly start: IsoDate
  readonly rentalPerDay: Fen
}

/** Rows of one lease: its rents, with the rents still to come as balance. */
function leaseRows(lease: Lease, { start, rentalPerDay }: RunningLease): FlowRow[] {
  const dates = firstDates(lease.payPattern, addDays(start, 1), lease.originTerm)
  let dayRate = rentalPerDay
  const rents = dates.map((date, i) => {
    if (i > 0) dayRate = steppedRate(lease, dayRate, i)
    return dayRate * BigInt(daysBetween(dates[i - 1] ?? start, date))
  })
  let toCome = rents.reduce((sum, rent) => sum + rent, 0n)
  return dates.map((date, i) => {
    toCome -= rents[i]!
    return { ...emptyRow(date, toCome), rental: rents[i]! }
  })
}

/** The day rate of a later period: multiplied and floored to fen each time. */
function steppedRate({ stepUp }: Lease, dayRate: Fen, period: number): Fen {
  if (!stepUp) return dayRate
  const multiplier = 'multiplier' in stepUp ? stepUp.multiplier : stepUp.multipliers[period - 1]
  return multiplier ? mulDiv(dayRate, multiplier.numerator, multiplier.denominator, 'floor') : dayRate
}

/**
 * A lease and, under the renewal assumption, the leases after it: each starts gapDays + 1 days after the last pay date of the
 * one before, until the newest ends on or after the given date. Only the first has a zero row at its start.
 */
export function projectLease(lease: Lease, asOf: IsoDate, assumption: Assumption | undefined): AssetSchedule {
  let running: RunningLease = { start: lease.originDate, rentalPerDay: lease.rentalPerDay }
  const first = leaseRows(lease, running)
  const paid = lease.originTerm - lease.remainingTerm
  const zeroRow =
    paid === 0
      ? { ...emptyRow(lease.originDate, first[0]!.balance + first[0]!.rental!), rental: 0n }
      : { ...first[paid - 1]!, rental: 0n }
  const rows: FlowRow[] = [zeroRow, ...first.slice(paid)]
  const payDates = first.map(({ date }) => date)
  const renewal = assumption?.renewal
  while (renewal && rows.at(-1)!.date < renewal.endByDate) {
    const start = addDays(rows.at(-1)!.date, renewal.gapDays + 1)
    const { numerator, denominator } = renewal.rentChangeAnnual
    const days = BigInt(daysBetween(running.start, start))
    const rentalPerDay = mulDiv(
      running.rentalPerDay,
      denominator * 365n + numerator * days,
      denominator * 365n,
      'floor',
    )
    running = { start, rentalPerDay }
    const next = leaseRows(lease, running)
    payDates.push(...next.map(({ date }) => date))
    rows.push(...next)
  }
  const future = rows.filter(({ date }) => date >= asOf)
  const opening = future[0]
  return {
    openingBalance: opening ? opening.balance + (opening.rental ?? 0n) : 0n,
    openingDate: asOf,
    rows: future,
    payDates,
  }
}
