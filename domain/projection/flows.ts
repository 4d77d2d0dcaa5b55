import type { Assumption } from '../assets/types.ts'
import type { IsoDate } from '../date.ts'
import { addDays, daysBetween } from '../date.ts'
import { firstDates, type Pattern } from '../dates/pattern.ts'
import { maxFen, minFen, mulDiv, type Fen } from '../money.ts'
import { combineFlows, cutSchedule, dropEmptyTail, openingOf } from './combine.ts'
import { floorTimesDouble, periodSpeed } from './doubles.ts'
import { floorShare, recoveriesOf, recoveryRows } from './recovery.ts'
import { periodStresses } from './speeds.ts'
import { cashOf, emptyRow, type AssetSchedule, type FlowRow } from './types.ts'

/** Takes an amount off a list of interests, earliest first. */
export function clawInterest(interests: readonly Fen[], amount: Fen): Fen[] {
  let left = amount
  return interests.map((interest) => {
    const taken = minFen(interest, left)
    left -= taken
    return interest - taken
  })
}

export interface CumulativeRow {
  readonly principal: Fen
  readonly prepayment: Fen
  readonly delinquent: Fen
  readonly default: Fen
  readonly recovery: Fen
  readonly loss: Fen
}

const NOTHING: CumulativeRow = { principal: 0n, prepayment: 0n, delinquent: 0n, default: 0n, recovery: 0n, loss: 0n }

/** Running sums per row. */
export function cumulate(rows: readonly FlowRow[]): CumulativeRow[] {
  let sum = NOTHING
  return rows.map((row) => {
    sum = {
      principal: sum.principal + row.principal,
      prepayment: sum.prepayment + row.prepayment,
      delinquent: sum.delinquent + row.delinquent,
      default: sum.default + row.default,
      recovery: sum.recovery + row.recovery,
      loss: sum.loss + row.loss,
    }
    return sum
  })
}

/** Totals of a flow, cash included. */
export function totalsOf(rows: readonly FlowRow[]) {
  const last = cumulate(rows).at(-1) ?? NOTHING
  return {
    ...last,
    interest: rows.reduce((sum, { interest }) => sum + interest, 0n),
    prepayPenalty: rows.reduce((sum, { prepayPenalty }) => sum + prepayPenalty, 0n),
    cash: rows.reduce((sum, row) => sum + cashOf(row), 0n),
  }
}

/**
 * Sums rows into (previous cutoff, cutoff] (C8): flows added, balance and rate of the last row. A bucket without rows after
 * the first data holds zero flows and the balance before; one before any data gives no row; rows after the last cutoff are
 * dropped.
 */
export function aggregateByDates(rows: readonly FlowRow[], cutoffs: readonly IsoDate[]): FlowRow[] {
  const buckets: FlowRow[] = []
  let next = 0
  let last: FlowRow | undefined
  for (const cutoff of cutoffs) {
    let bucket: FlowRow | undefined
    while (next < rows.length && rows[next]!.date <= cutoff) {
      const row = rows[next]!
      bucket = bucket ? addTo(bucket, row, cutoff) : { ...row, date: cutoff }
      last = row
      next += 1
    }
    if (bucket) buckets.push(bucket)
    else if (last) buckets.push(emptyRow(cutoff, last.balance, last.rateMicro))
  }
  return buckets
}

function addTo(bucket: FlowRow, row: FlowRow, date: IsoDate): FlowRow {
  const [sum] = combineFlows([[{ ...bucket, date }], [{ ...row, date }]])
  return { ...sum!, balance: row.balance, rateMicro: row.rateMicro }
}

/**
 * Stress of a pool that is known only as its scheduled flow (VOCABULARY.md, compute `projectSchedule`): delinquency, default
 * after a lag with the rest performing again on the schedule, and prepayment; scheduled amounts times the survival of the
 * EARLIER rows.
 */
export function projectSchedule(
  scheduled: readonly FlowRow[],
  asOf: IsoDate,
  assumption: Assumption,
  extendPattern: Pattern,
): AssetSchedule {
  const { delinquency, recovery } = assumption
  const extra = (delinquency?.lag ?? 0) + recoveryRows(recovery)
  const dates = [asOf, ...scheduled.map(({ date }) => date)]
  const { CDR, ...withoutDefault } = assumption
  const stresses = periodStresses(
    dates,
    delinquency ? withoutDefault : { ...withoutDefault, ...(CDR !== undefined && { CDR }) },
    0,
  )
  const opening = scheduled[0] ? openingOf(scheduled[0]) : 0n
  const rows: FlowRow[] = []
  const returned: FlowRow[][] = []
  const lastDate = dates.at(-1)!
  const extended = [...scheduled.map(({ date }) => date), ...firstDates(extendPattern, addDays(lastDate, 1), extra)]
  let begin = opening
  let survival = 1
  for (const [i, row] of scheduled.entries()) {
    const days = daysBetween(dates[i]!, row.date)
    const badRate = delinquency ? periodSpeed(delinquency.CDR, days) : stresses[i]!.defaultRate
    const bad = floorTimesDouble(begin, badRate)
    const prepayment = floorTimesDouble(begin - bad, stresses[i]!.prepayRate)
    const principal = floorTimesDouble(row.principal, survival)
    const interest = floorTimesDouble(row.interest, survival)
    // Principal is scaled by the earlier rows alone, so the last rows could take more than is open.
    const balance = maxFen(0n, begin - bad - prepayment - principal)
    const taken = delinquency ? { delinquent: bad } : { default: bad }
    rows.push({ ...emptyRow(row.date, balance, row.rateMicro), principal, interest, prepayment, ...taken })
    if (delinquency && bad > 0n) {
      const { numerator, denominator } = delinquency.defaultShare
      const back = floorShare(bad, { numerator: denominator - numerator, denominator })
      returned.push(scaledRows(scheduled.slice(i), { amount: back, begin }, extended.slice(i + delinquency.lag)))
    }
    survival *= (1 - badRate) * (1 - stresses[i]!.prepayRate)
    begin = balance
  }
  for (const date of extended.slice(scheduled.length)) rows.push(emptyRow(date, rows.at(-1)?.balance ?? 0n))
  const decided = delinquency ? withDecidedDefaults(rows, delinquency.lag, delinquency.defaultShare) : rows
  const booked = recoveriesOf(
    decided.map((row) => row.default),
    recovery,
  )
  const full = decided.map((row, i) => ({ ...row, recovery: booked.recovery[i]!, loss: booked.loss[i]! }))
  return cutSchedule(opening, dropEmptyTail(addReturned(full, combineFlows(returned))), asOf)
}

/** Scheduled rows times what performs again ÷ what the row began with, each moved to a later date. */
function scaledRows(
  scheduled: readonly FlowRow[],
  { amount, begin }: { amount: Fen; begin: Fen },
  dates: readonly IsoDate[],
): FlowRow[] {
  if (begin === 0n || amount === 0n) return []
  const part = (fen: Fen): Fen => mulDiv(fen, amount, begin, 'floor')
  return scheduled.flatMap((row, i) => {
    const date = dates[i]
    if (date === undefined) return []
    const flow = emptyRow(date, part(row.balance), row.rateMicro)
    return [{ ...flow, principal: part(row.principal), interest: part(row.interest) }]
  })
}

function withDecidedDefaults(
  rows: readonly FlowRow[],
  lag: number,
  share: { numerator: bigint; denominator: bigint },
): FlowRow[] {
  return rows.map((row, i) => {
    const source = rows[i - lag]
    return source ? { ...row, default: floorShare(source.delinquent, share) } : row
  })
}

/** Adds what performs again from its first date on; the balances of earlier rows do not hold it. */
export const addReturned = (rows: readonly FlowRow[], returned: readonly FlowRow[]): FlowRow[] => {
  const byDate = new Map(returned.map((row) => [row.date, row]))
  return rows.map((row) => {
    const back = byDate.get(row.date)
    if (!back) return row
    return {
      ...row,
      balance: row.balance + back.balance,
      principal: row.principal + back.principal,
      interest: row.interest + back.interest,
    }
  })
}
