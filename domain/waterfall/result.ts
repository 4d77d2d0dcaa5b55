/** What a period has left behind in the running deal, as a result; the records are then empty again. */
import { ratio } from '../rate.ts'
import type { Status } from '../deal/words.ts'
import { sumFen, type Fen } from '../money.ts'
import { type Live } from './live.ts'
import { emptyRecord } from './live-types.ts'
import type { FeeResult, StepResult, TrancheResult } from './period.ts'
import { cloneState } from './state.ts'

export interface PeriodOpening {
  readonly status: Status
  readonly balances: readonly Fen[]
}

export const openingOf = (live: Live): PeriodOpening => ({
  status: live.state.status,
  balances: live.state.tranches.map(({ balance }) => balance),
})

/** @param keepState false: the state is not copied (a run of many periods needs the last one only) */
export function takeResult(
  live: Live,
  opening: PeriodOpening,
  period: { readonly id: string; readonly waterfall: string | null },
  keepState = true,
): StepResult {
  const result: StepResult = {
    periodId: period.id,
    payDate: live.date,
    lines: live.lines,
    tranches: trancheResults(live, opening.balances),
    fees: feeResults(live),
    statusBefore: opening.status,
    statusAfter: live.state.status,
    waterfall: period.waterfall ?? '',
    triggers: live.triggerResults,
    events: live.events,
    transfers: live.transfers,
    cash: { opening: live.opening, in: live.cashIn, out: live.cashOut, closing: live.cashNow() },
    state: keepState ? cloneState(live.state) : live.state,
  }
  live.lines = []
  live.transfers = []
  live.events = []
  live.triggerResults = []
  live.tranches = live.tranches.map(emptyRecord)
  live.fees = live.fees.map(() => ({ accrued: 0n, paid: 0n }))
  live.opening = result.cash.closing
  live.cashIn = 0n
  live.cashOut = 0n
  live.run = 0
  return result
}

function trancheResults(live: Live, before: readonly Fen[]): TrancheResult[] {
  return live.state.tranches.map(({ id, balance, coupons }, index) => {
    const record = live.tranches[index]!
    const owed = sumFen(coupons.map(({ due, dueOnDue }) => due + dueOnDue))
    return {
      id,
      opening: before[index]!,
      interestDue: record.interest + record.interestResidue + owed,
      interestPaid: record.interest,
      interestShortfall: owed,
      principalPaid: record.principal,
      residualPaid: record.residual,
      writtenOff: record.writtenOff,
      closing: balance,
      factor: ratio(balance, live.program.tranches[index]!.original || 1n),
    }
  })
}

function feeResults(live: Live): FeeResult[] {
  return live.state.fees.map(({ id, due }, index) => ({
    id,
    due: due + live.fees[index]!.paid,
    paid: live.fees[index]!.paid,
    carried: due,
  }))
}
