import type { BondPrice } from '../valuation/bond.ts'
import { fenToJson } from './numbers.ts'

/** A bond's price in the shape of the vectors. */
export const bondPriceToJson = (price: BondPrice) => ({
  valuation: fenToJson(price.valuation),
  pricePer100Origin: price.pricePer100Origin,
  wal: Number(price.walHundredths) / 100,
  duration: price.duration,
  convexity: price.convexity,
  accruedInterest: fenToJson(price.accruedInterest),
})
