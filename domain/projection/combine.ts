import type { IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import { emptyRow, type AssetSchedule, type FlowRow } from './types.ts'

/** Outstanding before a row: what it takes off the balance put back. */
export const openingOf = (row: FlowRow): Fen =>
  row.balance + row.principal + row.prepayment + (row.delinquent === 0n ? row.default : row.delinquent)

const optional = (a: Fen | undefined, b: Fen | undefined): Fen | undefined =>
  a === undefined ? b : b === undefined ? a : a + b

function addFlows(a: FlowRow, b: FlowRow): FlowRow {
  const feePaid = optional(a.feePaid, b.feePaid)
  const rental = optional(a.rental, b.rental)
  const cash = optional(a.cash, b.cash)
  const newDepreciation = optional(a.newDepreciation, b.newDepreciation)
  return {
    date: a.date,
    balance: a.balance + b.balance,
    principal: a.principal + b.principal,
    interest: a.interest + b.interest,
    prepayment: a.prepayment + b.prepayment,
    delinquent: a.delinquent + b.delinquent,
    default: a.default + b.default,
    recovery: a.recovery + b.recovery,
    loss: a.loss + b.loss,
    prepayPenalty: a.prepayPenalty + b.prepayPenalty,
    rateMicro: 0n,
    ...(feePaid !== undefined && { feePaid }),
    ...(rental !== undefined && { rental }),
    ...(newDepreciation !== undefined && { newDepreciation }),
    ...(cash !== undefined && { cash }),
  }
}

const endWeight = (row: FlowRow): bigint => row.rateWeights?.end ?? row.balance * row.rateMicro
const openingWeight = (row: FlowRow): bigint => row.rateWeights?.opening ?? openingOf(row) * row.rateMicro

/**
 * The sum of flows: on each date of any of them, amounts of that date added, and as balance everybody's then
 * outstanding: its own end balance, else what its next row opens with, else its last balance. The rate is weighted by
 * these balances (by the opening ones where nothing is left), floored to six decimals.
 */
export function combineFlows(flows: readonly (readonly FlowRow[])[]): FlowRow[] {
  const filled = flows.filter((rows) => rows.length > 0)
  if (filled.length <= 1) return [...(filled[0] ?? [])]
  const dates = [...new Set(filled.flatMap((rows) => rows.map(({ date }) => date)))].sort()
  const sums = new Map<IsoDate, { row: FlowRow; weighted: bigint; opening: Fen; weightedOpening: bigint }>(
    dates.map((date) => [date, { row: emptyRow(date), weighted: 0n, opening: 0n, weightedOpening: 0n }]),
  )
  for (const rows of filled) {
    let next = 0
    for (const date of dates) {
      const sum = sums.get(date)!
      const row = rows[next]
      const here = row?.date === date
      const opening = row ? openingOf(row) : rows.at(-1)!.balance
      const balance = here ? row.balance : opening
      const before = row ? openingWeight(row) : endWeight(rows.at(-1)!)
      sum.row = here ? addFlows(sum.row, row) : { ...sum.row, balance: sum.row.balance + balance }
      sum.weighted += here ? endWeight(row) : before
      sum.opening += opening
      sum.weightedOpening += before
      if (here) next += 1
    }
  }
  return dates.map((date) => {
    const { row, weighted, opening, weightedOpening } = sums.get(date)!
    const rateMicro = row.balance > 0n ? weighted / row.balance : opening > 0n ? weightedOpening / opening : 0n
    return { ...row, rateMicro, rateWeights: { end: weighted, opening: weightedOpening } }
  })
}

/** Rows dated before `asOf` are left out; the opening is what was outstanding after the last of them. */
export function cutSchedule(openingBalance: Fen, rows: readonly FlowRow[], asOf: IsoDate): AssetSchedule {
  const cut = rows.filter(({ date }) => date < asOf)
  return {
    openingBalance: cut.at(-1)?.balance ?? openingBalance,
    openingDate: asOf,
    rows: rows.slice(cut.length),
  }
}

const isEmpty = (row: FlowRow): boolean =>
  row.balance === 0n &&
  row.principal === 0n &&
  row.interest === 0n &&
  row.prepayment === 0n &&
  row.delinquent === 0n &&
  row.default === 0n &&
  row.recovery === 0n &&
  row.loss === 0n &&
  row.prepayPenalty === 0n &&
  !row.feePaid &&
  !row.rental &&
  !row.cash

/** Rows without content at the end are dropped (C6); the first row stays. */
export function dropEmptyTail(rows: readonly FlowRow[]): FlowRow[] {
  let end = rows.length
  while (end > 1 && isEmpty(rows[end - 1]!)) end -= 1
  return rows.slice(0, end)
}

export { isEmpty as isEmptyRow }
