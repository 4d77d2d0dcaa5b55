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
