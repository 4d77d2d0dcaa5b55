/**
 * Exact fractions for rates, year fractions and formulas. Denominators are positive; nothing is rounded until `toFen` or
 * `toDecimals` is asked to, with the rounding named.
 */
import { mulDiv, type Fen, type Rounding } from './money.ts'

/**
 * A rate or ratio as an exact fraction: 5.10% is {numerator: 51n, denominator: 1000n}. JSON carries the decimal text
 * (`"0.0510"`), as a fraction and never in percent.
 */
export interface Rate {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** A decimal fraction in JSON: at most 9 digits before and 18 after the point. */
export const RATE_PATTERN = '^-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,18})?$'
const RATE = new RegExp(RATE_PATTERN)

export class RateError extends Error {
  override readonly name = 'RateError'
  readonly code = 'NOT_A_RATE'
  constructor(readonly text: string) {
    super(`NOT_A_RATE ${JSON.stringify(text.slice(0, 40))}: a decimal fraction such as "0.0510" is expected`)
  }
}

/** @throws RateError `NOT_A_RATE` */
export function parseRate(text: string): Rate {
  if (typeof text !== 'string' || !RATE.test(text)) throw new RateError(String(text))
  const [whole, decimals = ''] = text.split('.')
  return { numerator: BigInt(whole + decimals), denominator: 10n ** BigInt(decimals.length) }
}

/**
 * The exact fraction that a JSON number spells: 0.05 is 5/100, not the nearest double.
 * @throws RateError `NOT_A_RATE` for NaN and infinities
 */
export function rateFromNumber(value: number): Rate {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))
  if (!match) throw new RateError(String(value))
  const [, sign, whole = '', decimals = '', exponentText = '0'] = match
  const digits = BigInt(`${sign}${whole}${decimals}`)
  const exponent = Number(exponentText) - decimals.length
  return exponent >= 0
    ? { numerator: digits * 10n ** BigInt(exponent), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-exponent) }
}

export const ratio = (numerator: bigint, denominator: bigint = 1n): Rate =>
  denominator < 0n ? { numerator: -numerator, denominator: -denominator } : { numerator, denominator }

export const ZERO: Rate = ratio(0n)
export const ONE: Rate = ratio(1n)

const gcd = (a: bigint, b: bigint): bigint => {
  let [x, y] = [a < 0n ? -a : a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}

/** Lowest terms; sums of many fractions stay small. */
export function reduce({ numerator, denominator }: Rate): Rate {
  const divisor = gcd(numerator, denominator)
  return divisor <= 1n ? { numerator, denominator } : ratio(numerator / divisor, denominator / divisor)
}

export const add = (a: Rate, b: Rate): Rate =>
  a.denominator === b.denominator
    ? ratio(a.numerator + b.numerator, a.denominator)
    : ratio(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
export const negate = (a: Rate): Rate => ({ numerator: -a.numerator, denominator: a.denominator })
export const subtract = (a: Rate, b: Rate): Rate => add(a, negate(b))
export const multiply = (a: Rate, b: Rate): Rate => ratio(a.numerator * b.numerator, a.denominator * b.denominator)
export const compare = (a: Rate, b: Rate): number => {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
export const isZero = (a: Rate): boolean => a.numerator === 0n

/** @throws MoneyError `DIVISION_BY_ZERO` through mulDiv when asked for money; callers test `isZero` first */
export const divide = (a: Rate, b: Rate): Rate => ratio(a.numerator * b.denominator, a.denominator * b.numerator)

/** The fraction as whole fen. */
export const toFen = (a: Rate, rounding: Rounding): Fen => mulDiv(a.numerator, 1n, a.denominator, rounding)

/** Rounds to a number of decimals (rates of the vectors have six, floored). */
export function toDecimals(a: Rate, decimals: number, rounding: Rounding): Rate {
  const scale = 10n ** BigInt(decimals)
  return ratio(mulDiv(a.numerator, scale, a.denominator, rounding), scale)
}

/**
 * The shortest decimal text, when there is one; else `n/d`. Read back by `parseFraction`.
 */
export function fractionText(value: Rate): string {
  const { numerator, denominator } = reduce(value)
  if (denominator === 1n) return numerator.toString()
  let [scale, decimals] = [1n, 0]
  while (scale % denominator !== 0n && decimals < 18) [scale, decimals] = [scale * 10n, decimals + 1]
  if (scale % denominator !== 0n) return `${numerator}/${denominator}`
  const scaled = numerator * (scale / denominator)
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, '0')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

const DECIMAL = /^(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))?$/
const FRACTION = /^(-?[0-9]{1,200})\/([0-9]{1,200})$/

/** Reads what `fractionText` writes. @throws RateError `NOT_A_RATE` */
export function parseFraction(text: string): Rate {
  const decimal = DECIMAL.exec(text)
  if (decimal) {
    const decimals = decimal[3] ?? ''
    const numerator = BigInt(decimal[2]! + decimals)
    return ratio(decimal[1] ? -numerator : numerator, 10n ** BigInt(decimals.length))
  }
  const fraction = FRACTION.exec(text)
  if (!fraction || /^0+$/.test(fraction[2]!)) throw new RateError(text)
  return ratio(BigInt(fraction[1]!), BigInt(fraction[2]!))
}

/** The nearest double, correctly rounded where numerator and denominator are below 2^53. For output and estimates. */
export function rateToNumber({ numerator, denominator }: Rate): number {
  const limit = 9_007_199_254_740_992n
  if (numerator < limit && numerator > -limit && denominator < limit) return Number(numerator) / Number(denominator)
  const whole = numerator / denominator
  const rest = numerator % denominator
  const scale = 10n ** 20n
  return Number(whole) + Number((rest * scale) / denominator) / 1e20
}
