import { mulDiv } from './money.ts'

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

export const addRates = (a: Rate, b: Rate): Rate => ({
  numerator: a.numerator * b.denominator + b.numerator * a.denominator,
  denominator: a.denominator * b.denominator,
})

export const timesRates = (a: Rate, b: Rate): Rate => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
})

export const negateRate = ({ numerator, denominator }: Rate): Rate => ({ numerator: -numerator, denominator })

/** Negative, zero or positive as a is less than, equal to or greater than b. Denominators are positive. */
export const compareRates = (a: Rate, b: Rate): number => {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export const ZERO_RATE: Rate = { numerator: 0n, denominator: 1n }
export const ONE_RATE: Rate = { numerator: 1n, denominator: 1n }
export const rateOfInteger = (value: number | bigint): Rate => ({ numerator: BigInt(value), denominator: 1n })

/** Floors to a number of decimals: convention C2 of the vectors keeps rates to six. */
export function floorRate({ numerator, denominator }: Rate, decimals: number): Rate {
  const scale = 10n ** BigInt(decimals)
  return { numerator: mulDiv(numerator, scale, denominator, 'floor'), denominator: scale }
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
