import type { Penalty } from '../assets/types.ts'
import { mulDiv, type Fen } from '../money.ts'
import { compare, multiply, ratio, subtract, ZERO, type Rate } from '../rate.ts'

const take = (amount: Fen, { numerator, denominator }: Rate): Fen => mulDiv(amount, numerator, denominator, 'floor')

/** Fee on what was prepaid in the k-th payment period of the loan, floored to fen; nothing where nothing was prepaid. */
export function penaltyOf(penalty: Penalty, period: number, prepayment: Fen): Fen {
  if (prepayment <= 0n) return 0n
  switch (penalty.type) {
    case 'byTerm':
      return take(prepayment, period <= penalty.periods ? penalty.rate : penalty.rateAfter)
    case 'amount':
      return penalty.periods === undefined || period <= penalty.periods ? penalty.amount : 0n
    case 'percentage':
      return penalty.periods === undefined || period <= penalty.periods ? take(prepayment, penalty.rate) : 0n
    case 'sliding': {
      const rate = subtract(penalty.rate, multiply(ratio(BigInt(period - 1)), penalty.step))
      return compare(rate, ZERO) > 0 ? take(prepayment, rate) : 0n
    }
    case 'stepDown': {
      let until = 0
      for (const step of penalty.steps) {
        until += step.periods
        if (period <= until) return take(prepayment, step.rate)
      }
      return 0n
    }
    default:
      return penalty satisfies never
  }
}
