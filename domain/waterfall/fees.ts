/** What fees come to. */
import { addDays, daysBetween, type IsoDate } from '../date.ts'
import { patternDates, type Pattern } from '../dates/pattern.ts'
import { fenOf } from '../deal/formula/compile.ts'
import { multiply, type Rate } from '../rate.ts'
import { minFen, mulDiv, type Fen } from '../money.ts'
import type { Live } from './live.ts'
import type { FeeState } from './state.ts'

/** floor(balance · days / 365): one spell of a weighted balance. */
export const spellWeight = (balance: Fen, from: IsoDate, to: IsoDate): Fen =>
  mulDiv(balance, BigInt(daysBetween(from, to)), 365n, 'floor')

/**
 * Number of pattern dates that have fallen due: in [start + 1 day, to] at the first calculation, afterwards from the day
 * after the last calculation that found a date.
 */
export const recurringDates = (pattern: Pattern, after: IsoDate, to: IsoDate): number =>
  patternDates(pattern, addDays(after, 1), to).length

/** Entries dated on or before a date. */
export const entriesDue = (entries: readonly (readonly [IsoDate, Fen])[], to: IsoDate): number =>
  entries.filter(([date]) => date <= to).length

/** Closes the present spell of an annual fee and opens the next on the base as it stands now. */
export function turnFeeSpell(live: Live, index: number): void {
  const fee = live.program.fees[index]!
  const state = live.state.fees[index]!
  if (fee.terms.type !== 'annual' || state.since === null || fee.of === null) return
  if (live.date > state.since) {
    state.weighted += spellWeight(state.base, state.since, live.date)
    state.since = live.date
  }
  state.base = fenOf(fee.of, live, live.program.behaviour.money)
}

/** Recurring fees accrue on their own dates in a run. */
export function accrueRecurring(live: Live, index: number): void {
  const fee = live.program.fees[index]!
  const state = live.state.fees[index]!
  if (fee.terms.type !== 'recurring' || fee.dates === null) return
  const count = recurringDates(fee.dates, state.countedTo ?? fee.start, live.date)
  if (count === 0) return
  accrue(live, index, state, fee.amount * BigInt(count), { amount: fee.amount, dates: count })
  state.countedTo = live.date
}

/** Calculates a fee to the date: what has become due since the last calculation is added to what is due. */
export function calculateFee(live: Live, index: number): void {
  const fee = live.program.fees[index]!
  const state = live.state.fees[index]!
  const { money, annualFees } = live.program.behaviour
  switch (fee.terms.type) {
    case 'fixed':
      if (!state.calculated) accrue(live, index, state, fee.amount, { amount: fee.amount })
      break
    case 'annual': {
      if (annualFees === 'spells') {
        turnFeeSpell(live, index)
        accrue(live, index, state, live.product(state.weighted, fee.rate!), {
          weighted: state.weighted,
          rate: fee.rate!,
        })
        state.weighted = 0n
      } else {
        const base = fenOf(fee.of!, live, money)
        const from = fee.start > live.accrueFrom ? fee.start : live.accrueFrom
        const days = daysBetween(from, live.accrueTo)
        if (days > 0) {
          const share = multiply(fee.rate!, live.program.fraction(fee.dayCount, from, live.accrueTo))
          accrue(live, index, state, live.product(base, share), { base, rate: fee.rate!, days })
        }
      }
      break
    }
    case 'percentage': {
      const base = fee.of!.read(live) as Rate
      const amount = multiply(base, fee.rate!)
      accrue(live, index, state, mulDiv(amount.numerator, 1n, amount.denominator, money), { base, rate: fee.rate! })
      break
    }
    case 'recurring':
      accrueRecurring(live, index)
      break
    case 'schedule': {
      const used = entriesDue(fee.entries, live.date)
      const amount = fee.entries.slice(state.used, used).reduce((sum, [, fen]) => sum + fen, 0n)
      accrue(live, index, state, amount, { entries: used - state.used })
      state.used = used
      break
    }
    case 'formula':
      accrue(live, index, state, fenOf(fee.of!, live, money), {})
      break
  }
  state.calculated = true
}

function accrue(
  live: Live,
  index: number,
  state: FeeState,
  amount: Fen,
  inputs: Record<string, Fen | Rate | number>,
): void {
  const { cap } = live.program.fees[index]!
  const most = cap ? fenOf(cap, live, live.program.behaviour.money) : null
  const added = most === null ? amount : minFen(amount, most)
  state.due += added
  live.fees[index]!.accrued += added
  live.feeInputs[index] = most === null ? inputs : { ...inputs, cap: most, before: amount }
}
