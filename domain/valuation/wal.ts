import { daysBetween, type IsoDate } from '../date.ts'
import { mulDiv, type Fen } from '../money.ts'
import type { Cash } from './present-value.ts'

/**
 * Weighted average life in hundredths of a unit of 30 days (months) or 365 (years): each term floored to fen, the sum over
 * the balance floored. 0 without balance.
 */
export function weightedAverageLife(
  principal: readonly Cash[],
  balance: Fen,
  asOf: IsoDate,
  unitDays: 30 | 365,
): bigint {
  if (balance === 0n) return 0n
  let sum = 0n
  for (const { date, fen } of principal) {
    if (date > asOf) sum += mulDiv(fen, BigInt(daysBetween(asOf, date)), BigInt(unitDays), 'floor')
  }
  return mulDiv(sum, 100n, balance, 'floor')
}
