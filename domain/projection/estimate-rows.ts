import { addMonths, endOfMonth, type IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import type { EstimateFlow } from './estimate.ts'
import { emptyRow, type FlowRow } from './types.ts'

/**
 * An estimated flow as rows in whole fen, so that the exact waterfall can run on it. Cumulative sums are rounded, not the
 * months, so the parts still add up to the opening balance.
 * @param first month end of month 1
 */
export function estimateRows(flow: EstimateFlow, first: IsoDate, opening: Fen, rateMicro: bigint): FlowRow[] {
  const columns = ['principal', 'interest', 'prepayment', 'default', 'recovery', 'loss'] as const
  const exact = { principal: 0, interest: 0, prepayment: 0, default: 0, recovery: 0, loss: 0 }
  const booked = { principal: 0n, interest: 0n, prepayment: 0n, default: 0n, recovery: 0n, loss: 0n }
  let balance = opening
  return Array.from({ length: flow.months }, (_, month) => {
    const row: Record<(typeof columns)[number], Fen> = { ...booked }
    for (const column of columns) {
      exact[column] += flow[column][month]!
      const upTo = BigInt(Math.round(exact[column]))
      row[column] = upTo - booked[column]
      booked[column] = upTo
    }
    balance -= row.principal + row.prepayment + row.default
    // Three columns are rounded by themselves: the last speck goes to principal, so that nothing stays outstanding.
    if (flow.balance[month]! < 0.5 && balance !== 0n) {
      row.principal += balance
      booked.principal += balance
      balance = 0n
    }
    return { ...emptyRow(endOfMonth(addMonths(first, month)), balance, rateMicro), ...row }
  })
}
