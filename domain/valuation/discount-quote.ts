import { mulDiv, type Fen } from '../money.ts'
import type { Rate } from '../rate.ts'

export class QuoteError extends Error {
  override readonly name = 'QuoteError'
  constructor(
    readonly code: 'BAD_TERMS' | 'NOTHING_LEFT',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

export interface DiscountTerms {
  readonly face: Fen
  /** Annual, as a fraction, on the quote's own basis. */
  readonly rate: Rate
  /** From funding (included) to maturity (excluded), holiday grace included. */
  readonly days: number
  readonly basis: 360 | 365
  readonly fees: Fen
}

export interface DiscountQuote {
  /** What the seller is charged for time, half-up to the fen. */
  readonly discount: Fen
  /** Paid out: face − discount − fees. */
  readonly net: Fen
  /** Everything it costs ÷ what is paid out, a simple rate a year of 365 days, in millionths, half-up. */
  readonly allInMicro: bigint
}

/**
 * Price of a receivable sold at a discount (DOMAIN.md §3): net = face × (1 − rate × days ÷ basis) − fees.
 * @throws QuoteError `BAD_TERMS` for negative terms, `NOTHING_LEFT` when discount and fees eat the face
 */
export function discountQuote({ face, rate, days, basis, fees }: DiscountTerms): DiscountQuote {
  if (face <= 0n || fees < 0n || days < 1 || !Number.isInteger(days) || rate.numerator < 0n) {
    throw new QuoteError('BAD_TERMS', { face: String(face), fees: String(fees), days: String(days) })
  }
  const discount = mulDiv(face, rate.numerator * BigInt(days), rate.denominator * BigInt(basis), 'half-up')
  const net = face - discount - fees
  if (net <= 0n) throw new QuoteError('NOTHING_LEFT', { discount: String(discount), fees: String(fees) })
  return { discount, net, allInMicro: mulDiv(face - net, 365n * 1_000_000n, net * BigInt(days), 'half-up') }
}
