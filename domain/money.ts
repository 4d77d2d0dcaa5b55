/**
 * Money is a whole number of fen (1/100 yuan) in a bigint; JSON carries it as a decimal string without leading zeros.
 * There is one way to multiply by a ratio, `mulDiv`, and its rounding is always named by the caller.
 */
export type Fen = bigint

export class MoneyError extends Error {
  override readonly name = 'MoneyError'
  constructor(
    readonly code: 'NOT_FEN' | 'NOT_YUAN' | 'DIVISION_BY_ZERO' | 'NEGATIVE',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** The only spelling of fen in JSON: no sign but '-', no leading zeros, at most 30 digits. */
export const FEN_PATTERN = '^(0|-?[1-9][0-9]{0,29})$'
const FEN = new RegExp(FEN_PATTERN)

/**
 * Reads fen from JSON.
 * @throws MoneyError `NOT_FEN` when the text is not a whole number of fen in canonical form
 */
export function parseFen(text: string): Fen {
  if (typeof text !== 'string' || !FEN.test(text)) throw new MoneyError('NOT_FEN', { text: String(text).slice(0, 40) })
  return BigInt(text)
}

/** Fen as JSON carries them. */
export const fenString = (fen: Fen): string => fen.toString()

const YUAN = /^(-?)(\d{1,28})(?:\.(\d{1,2}))?$/

/**
 * Reads yuan with at most two decimals, as people write them (`1000000.00`).
 * @throws MoneyError `NOT_YUAN`
 */
export function fenFromYuan(text: string): Fen {
  const match = YUAN.exec(text)
  if (!match) throw new MoneyError('NOT_YUAN', { text: text.slice(0, 40) })
  const fen = BigInt(match[2]!) * 100n + BigInt((match[3] ?? '').padEnd(2, '0'))
  return match[1] ? -fen : fen
}

/** Yuan with two decimals, no grouping: `1000000.00`. */
export function yuanFromFen(fen: Fen): string {
  const absolute = fen < 0n ? -fen : fen
  return `${fen < 0n ? '-' : ''}${absolute / 100n}.${String(absolute % 100n).padStart(2, '0')}`
}

/** How a quotient becomes whole fen. `floor` is toward minus infinity; `half-up` rounds a half away from zero. */
export type Rounding = 'floor' | 'ceil' | 'truncate' | 'half-up' | 'half-even'

/**
 * amount × numerator ÷ denominator, rounded once. Exact bigint arithmetic; the sign of the denominator is normalised.
 * @throws MoneyError `DIVISION_BY_ZERO`
 */
export function mulDiv(amount: Fen, numerator: bigint, denominator: bigint, rounding: Rounding): Fen {
  if (denominator === 0n) throw new MoneyError('DIVISION_BY_ZERO', { amount: fenString(amount) })
  const sign = denominator < 0n ? -1n : 1n
  const product = amount * numerator * sign
  const divisor = denominator * sign
  const quotient = product / divisor
  const remainder = product % divisor
  if (remainder === 0n) return quotient
  const away = product < 0n ? -1n : 1n
  const twice = (remainder < 0n ? -remainder : remainder) * 2n
  switch (rounding) {
    case 'truncate':
      return quotient
    case 'floor':
      return away < 0n ? quotient - 1n : quotient
    case 'ceil':
      return away > 0n ? quotient + 1n : quotient
    case 'half-up':
      return twice >= divisor ? quotient + away : quotient
    case 'half-even':
      if (twice === divisor) return quotient % 2n === 0n ? quotient : quotient + away
      return twice > divisor ? quotient + away : quotient
  }
}

export const minFen = (a: Fen, b: Fen): Fen => (a < b ? a : b)
export const maxFen = (a: Fen, b: Fen): Fen => (a > b ? a : b)
export const sumFen = (amounts: Iterable<Fen>): Fen => {
  let total = 0n
  for (const amount of amounts) total += amount
  return total
}
