/** Prices, returns and spreads of the bonds of a run (VOCABULARY.md, runDeal, pricing). */
import { daysBetween, type IsoDate } from '../date.ts'
import type { DayCount } from '../day-count.ts'
import { ratio, type Rate } from '../rate.ts'
import { minFen, mulDiv, type Fen } from '../money.ts'
import { cashOfBond, priceBond, type BondFlow } from '../valuation/bond.ts'
import type { Cash } from '../valuation/present-value.ts'
import { irr, zSpread } from '../valuation/yield.ts'
import type { Program } from '../waterfall/live.ts'
import type { RunResult, TrancheRow } from '../waterfall/run.ts'
import { curveFromJson } from './asset-json.ts'
import { bondPriceToJson } from './bond-json.ts'
import { fenFromJson, fenToJson, rateFromJson } from './numbers.ts'
import type { PricingJson } from './schema/deal.ts'

const flowsOf = (rows: readonly TrancheRow[]): BondFlow[] =>
  rows.map(({ date, balance, interest, principal, cash }) => ({ date, balance, interest, principal, cash }))

interface Priced {
  readonly id: string
  readonly original: Fen
  readonly opening: Fen
  readonly originDate: IsoDate
  readonly dayCount: DayCount
  readonly rows: readonly TrancheRow[]
  readonly initialRate: Rate
  readonly bears: boolean
}

function pricedBonds(program: Program, result: RunResult): Priced[] {
  return program.tranches.map((tranche, index) => ({
    id: tranche.id,
    original: tranche.original,
    opening: tranche.opening,
    originDate: tranche.accrueFrom,
    dayCount: tranche.coupons[0]?.dayCount ?? 'ACT_365F',
    rows: result.tranches[index]!,
    initialRate: tranche.coupons[0]?.initial ?? ratio(0n),
    bears: tranche.principal.type !== 'equity',
  }))
}

/** The rate in force after a date: of the first row after it. */
const rateAfter = ({ rows, initialRate, bears }: Priced, date: IsoDate): Rate =>
  bears ? (rows.find((row) => row.date > date)?.rate ?? initialRate) : ratio(0n)

export function pricingToJson(
  program: Program,
  result: RunResult,
  { discount, irr: returns, zSpread: spread }: PricingJson,
) {
  const bonds = pricedBonds(program, result)
  const bond = (id: string): Priced => {
    const found = bonds.find((item) => item.id === id)
    if (!found) throw new Error(`there is no bond called ${JSON.stringify(id)}`)
    return found
  }
  const flows = Object.entries(returns ?? {}).map(([id, asked]) => [id, returnFlows(bond(id), asked)] as const)
  return {
    ...(discount && {
      discount: Object.fromEntries(
        bonds.map((item) => {
          const { original: originBalance, originDate, dayCount } = item
          const rate = rateAfter(item, discount.date)
          const priced = { originBalance, originDate, rate, dayCount, flows: flowsOf(item.rows) }
          return [item.id, bondPriceToJson(priceBond(priced, discount.date, curveFromJson(discount.curve)))]
        }),
      ),
    }),
    ...(returns && {
      irr: Object.fromEntries(flows.map(([id, cash]) => [id, irr(cash)])),
      irrFlows: Object.fromEntries(
        flows.map(([id, cash]) => [
          id,
          { columns: ['date', 'amount'], rows: cash.map(({ date, fen }) => [date, fenToJson(fen)]) },
        ]),
      ),
    }),
    ...(spread && {
      zSpread: zSpread(flowsOf(bond(spread.bond).rows).map(cashOfBond), spread.date, {
        originBalance: bond(spread.bond).original,
        pricePer100: spread.pricePer100,
        riskFree: curveFromJson(spread.riskFreeCurve),
      }),
    }),
  }
}

type Return = NonNullable<PricingJson['irr']>[string]

function returnFlows(bond: Priced, asked: Return): Cash[] {
  const scaled = (rows: readonly TrancheRow[], share: Fen, of: Fen): Cash[] =>
    rows
      .filter(({ cash }) => cash !== 0n)
      .map(({ date, cash }) => ({ date, fen: of === 0n ? 0n : mulDiv(cash, share, of, 'floor') }))
  if ('holding' in asked) {
    const history = asked.history.map(([date, amount]) => ({ date, fen: fenFromJson(amount) }))
    return [...history, ...scaled(bond.rows, fenFromJson(asked.holding), bond.original)]
  }
  const { buyDate } = asked
  const balance = bond.rows.filter(({ date }) => date <= buyDate).at(-1)?.balance ?? bond.opening
  const factor = rateFromJson(asked.priceFactor)
  const price = mulDiv(balance, factor.numerator, factor.denominator, 'floor')
  const paid = minFen(price, fenFromJson(asked.cash))
  const later = bond.rows.filter(({ date }) => date > buyDate)
  return [{ date: buyDate, fen: -(paid + accruedAt(bond, buyDate, balance, later[0])) }, ...scaled(later, paid, price)]
}

/** Next interest paid and due, less what accrues from the purchase to the next pay date. */
function accruedAt(bond: Priced, buyDate: IsoDate, balance: Fen, next: TrancheRow | undefined): Fen {
  if (!next) return 0n
  const rate = rateAfter(bond, buyDate)
  const toCome = mulDiv(
    balance,
    rate.numerator * BigInt(daysBetween(buyDate, next.date)),
    rate.denominator * 365n,
    'floor',
  )
  return next.interest + next.dueInterest + next.dueOnDue - toCome
}
