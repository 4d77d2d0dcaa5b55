/** Interest and premium of a facility over its history. */
import type { IsoDate } from '../date.ts'
import { mulDiv, type Fen } from '../money.ts'
import type { Rate } from '../rate.ts'
import { weightedBalance, type StatementRow } from './statement.ts'

/**
 * Each amount weighted over the spells between history rows (floor(balance · days / 365) summed), then times the rate,
 * floored. Due interest and premium bear nothing.
 */
export function accrueFacilityOver(
  history: {
    readonly drawn: readonly StatementRow[]
    readonly available: readonly StatementRow[]
    readonly from: IsoDate
    readonly to: IsoDate
  },
  rates: { readonly drawnRate: Rate; readonly unusedRate: Rate },
): { readonly int: Fen; readonly premium: Fen } {
  const amount = (rows: readonly StatementRow[], { numerator, denominator }: Rate): Fen =>
    mulDiv(weightedBalance(rows, history.from, history.to), numerator, denominator, 'floor')
  return { int: amount(history.drawn, rates.drawnRate), premium: amount(history.available, rates.unusedRate) }
}
