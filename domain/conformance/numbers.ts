/** Between the vectors' JSON numbers and the domain's exact amounts and rates. */
import { mulDiv, type Fen } from '../money.ts'
import { rateFromNumber, rateToNumber, type Rate } from '../rate.ts'

/** Money of the vectors has two decimals; anything finer is floored, as every money is (C1). */
export function fenFromJson(value: number): Fen {
  const { numerator, denominator } = rateFromNumber(value)
  return mulDiv(numerator, 100n, denominator, 'floor')
}

/** The decimal number with two places: exact, since the nearest double of a quotient by 100 prints as it. */
export const fenToJson = (fen: Fen): number => Number(fen) / 100

export const rateFromJson = (value: number): Rate => rateFromNumber(value)
export const rateToJson = (rate: Rate): number => rateToNumber(rate)
