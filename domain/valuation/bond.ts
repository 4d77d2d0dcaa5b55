import { linearAt, toMicro, type Curve } from '../curve.ts'
import { daysBetween, type IsoDate } from '../date.ts'
import { yearFraction, type DayCount } from '../day-count.ts'
import { mulDiv, type Fen } from '../money.ts'
import { rateToNumber, type Rate } from '../rate.ts'
import { convexity, duration, valueOf, type Cash } from './present-value.ts'

/** One date of a bond's flow; `balance` after it. */
export interface BondFlow {
  readonly date: IsoDate
  readonly balance: Fen
  readonly interest: Fen
  readonly principal: Fen
  /** What the holder receives; default interest + principal. */
  readonly cash?: Fen
}

export interface BondToPrice {
  readonly originBalance: Fen
  /** Accrual starts here before the first flow. */
  readonly originDate: IsoDate
  readonly rate: Rate
  readonly dayCount: DayCount
  readonly flows: readonly BondFlow[]
}

export interface BondPrice {
  readonly valuation: Fen
  readonly pricePer100Origin: number
  /** Hundredths of a year. */
  readonly walHundredths: bigint
  readonly duration: number
  readonly convexity: number
  readonly accruedInterest: Fen
}

export const cashOfBond = (flow: BondFlow): Cash => ({
  date: flow.date,
  fen: flow.cash ?? flow.interest + flow.principal,
})

/**
 * Prices a bond from its flows on a curve (linear between points): present values floored and summed, the rate floored to six
 * decimals for the valuation and not for duration and convexity (C16).
 */
export function priceBond(bond: BondToPrice, pricingDate: IsoDate, curve: Curve): BondPrice {
  const future = bond.flows.filter(({ date }) => date > pricingDate)
  const lastPast = bond.flows.filter(({ date }) => date <= pricingDate).at(-1)
  const flows = future.map(cashOfBond)
  const exact = (date: IsoDate): number => rateToNumber(linearAt(curve, date))
  const floored = (date: IsoDate): number => Number(toMicro(linearAt(curve, date))) / 1e6
  const valuation = valueOf(flows, pricingDate, floored)
  const first = future[0]
  const opening = first ? first.balance + first.principal : 0n
  const accrual = yearFraction(bond.dayCount, lastPast?.date ?? bond.originDate, pricingDate)
  return {
    valuation,
    pricePer100Origin: bond.originBalance === 0n ? 0 : (Number(valuation) * 100) / Number(bond.originBalance),
    walHundredths: bondWal(future, opening, pricingDate),
    duration: duration(flows, pricingDate, exact),
    convexity: convexity(flows, pricingDate, exact),
    accruedInterest: mulDiv(
      opening,
      bond.rate.numerator * accrual.numerator,
      bond.rate.denominator * accrual.denominator,
      'floor',
    ),
  }
}

/** Sum(principal · days) ÷ 365 ÷ opening balance, floored to hundredths once; 0 when a balance stays for ever. */
function bondWal(future: readonly BondFlow[], opening: Fen, asOf: IsoDate): bigint {
  if (opening === 0n || future.at(-1)?.balance !== 0n) return 0n
  const weighted = future.reduce((sum, { date, principal }) => sum + principal * BigInt(daysBetween(asOf, date)), 0n)
  return mulDiv(weighted, 100n, opening * 365n, 'floor')
}
