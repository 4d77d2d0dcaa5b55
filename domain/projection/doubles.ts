/**
 * Where the conventions ask for IEEE doubles (C3 level payment, C5 speeds) and how a double becomes fen: the exact
 * value of the double, floored. Not for contract code: exp, ln and pow may differ in the last bit between platforms.
 */
import type { Fen } from '../money.ts'

const buffer = new DataView(new ArrayBuffer(8))

/** A finite double as mantissa × 2^exponent, exactly. */
function decompose(value: number): { mantissa: bigint; exponent: bigint } {
  buffer.setFloat64(0, value)
  const bits = buffer.getBigUint64(0)
  const sign = bits >> 63n ? -1n : 1n
  const biased = (bits >> 52n) & 0x7ffn
  const fraction = bits & 0xfffffffffffffn
  return biased === 0n
    ? { mantissa: sign * fraction, exponent: -1074n }
    : { mantissa: sign * (fraction | 0x10000000000000n), exponent: biased - 1075n }
}

/** amount × the exact value of a double, floored to fen. */
export function floorTimesDouble(amount: Fen, factor: number): Fen {
  if (!Number.isFinite(factor)) throw new RangeError(`${factor} is not a finite factor`)
  if (factor === 0 || amount === 0n) return 0n
  const { mantissa, exponent } = decompose(factor)
  const product = amount * mantissa
  return exponent >= 0n ? product << exponent : product >> -exponent
}

/** Yuan as a double, floored to fen by the double's exact value. */
export const floorYuan = (yuan: number): Fen => floorTimesDouble(100n, yuan)

/** C5: period rate of an annual speed over actual days, 1 − (1 − a)^(days / 365). */
export const periodSpeed = (annual: number, days: number): number => 1 - Math.pow(1 - annual, days / 365)

/** C3: level payment on n remaining periods, floored to fen: b·r·g/(g − 1), g = exp(n·ln(1 + r)). */
export function levelPayment(balance: Fen, periodRateMicro: bigint, periods: number): Fen {
  if (periodRateMicro === 0n) {
    const n = BigInt(periods)
    return balance >= 0n ? balance / n : -((-balance + n - 1n) / n)
  }
  const r = Number(periodRateMicro) / 1e6
  const growth = Math.exp(periods * Math.log(1 + r))
  return floorYuan(((Number(balance) / 100) * r * growth) / (growth - 1))
}
