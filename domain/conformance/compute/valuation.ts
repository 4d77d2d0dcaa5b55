import { Type, type Static } from 'typebox'
import { linearAt, toMicro } from '../../curve.ts'
import { isoDate } from '../../date.ts'
import { priceAsset } from '../../valuation/asset-price.ts'
import { cashOfBond, priceBond, type BondFlow } from '../../valuation/bond.ts'
import {
  convexity,
  duration,
  flatRate,
  futureValue,
  presentValue,
  survivalFactor,
  type Cash,
} from '../../valuation/present-value.ts'
import { weightedAverageLife } from '../../valuation/wal.ts'
import { irr, requiredAmount, zSpread } from '../../valuation/yield.ts'
import { assetFromJson, curveFromJson } from '../asset-json.ts'
import { bondPriceToJson } from '../bond-json.ts'
import { defineCompute } from '../compute.ts'
import { flowTable } from '../flows-json.ts'
import { fenFromJson, fenToJson, rateFromJson } from '../numbers.ts'
import { AssetSchema } from '../schema/asset.ts'
import { closed, CurveSchema, DateText, DayCountWord, items, Money, RateNumber, TableSchema } from '../schema/common.ts'
import { RowError } from './flows.ts'

const cashCurve = (points: Static<typeof CurveSchema>): Cash[] =>
  points.map(([date, amount]) => ({ date, fen: fenFromJson(amount) }))

const cashPairs = (dates: readonly Static<typeof DateText>[], cash: readonly number[]): Cash[] => {
  if (dates.length !== cash.length) throw new RowError(`${dates.length} dates for ${cash.length} amounts`)
  return dates.map((date, i) => ({ date, fen: fenFromJson(cash[i]!) }))
}

/** Columns that a bond's flow may have; those that price nothing are known and left out. */
const BOND_COLUMNS = 'date balance interest principal cash rate factor dueInt dueIntOverInt'.split(' ')

/** A bond's flows from a table; columns that are absent count as 0. @throws RowError for an unknown column */
export function bondFlowsFromJson({ columns, rows }: Static<typeof TableSchema>): BondFlow[] {
  const unknown = columns.find((name) => !BOND_COLUMNS.includes(name))
  if (unknown !== undefined) throw new RowError(`/input/flows/columns unknown word ${JSON.stringify(unknown)}`)
  const at = (name: string): number => columns.indexOf(name)
  const fen = (row: readonly unknown[], name: string): bigint => {
    const cell = at(name) < 0 ? 0 : row[at(name)]
    if (typeof cell !== 'number') throw new RowError(`${name}: ${JSON.stringify(cell)} is not a number`)
    return fenFromJson(cell)
  }
  return rows.map((row) => ({
    date: isoDate(String(row[at('date')])),
    balance: fen(row, 'balance'),
    interest: fen(row, 'interest'),
    principal: fen(row, 'principal'),
    ...(at('cash') >= 0 && { cash: fen(row, 'cash') }),
  }))
}

const present = defineCompute(
  'presentValue',
  items(Type.Object({ from: DateText, cashDate: DateText, amount: Money, pricingCurve: CurveSchema }, closed)),
  (input) => ({
    values: input.items.map(({ from, cashDate, amount, pricingCurve }) => {
      const rate = Number(toMicro(linearAt(curveFromJson(pricingCurve), cashDate))) / 1e6
      return fenToJson(presentValue(fenFromJson(amount), from, cashDate, rate))
    }),
  }),
)

const bondPrice = defineCompute(
  'bondPrice',
  Type.Object(
    {
      originBalance: Money,
      originDate: DateText,
      rate: RateNumber,
      dayCount: DayCountWord,
      flows: TableSchema,
      pricingDate: DateText,
      pricingCurve: CurveSchema,
    },
    closed,
  ),
  ({ originBalance, originDate, rate, dayCount, flows, pricingDate, pricingCurve }) =>
    bondPriceToJson(
      priceBond(
        {
          originBalance: fenFromJson(originBalance),
          originDate,
          rate: rateFromJson(rate),
          dayCount,
          flows: bondFlowsFromJson(flows),
        },
        pricingDate,
        curveFromJson(pricingCurve),
      ),
    ),
)

const spread = defineCompute(
  'zSpread',
  Type.Object(
    {
      originBalance: Money,
      flows: TableSchema,
      date: DateText,
      pricePer100: Type.Number(),
      riskFreeCurve: CurveSchema,
    },
    closed,
  ),
  ({ originBalance, flows, date, pricePer100, riskFreeCurve }) => ({
    zSpread: zSpread(bondFlowsFromJson(flows).map(cashOfBond), date, {
      originBalance: fenFromJson(originBalance),
      pricePer100,
      riskFree: curveFromJson(riskFreeCurve),
    }),
  }),
)

const assetPrice = defineCompute(
  'assetPrice',
  Type.Object(
    {
      asset: AssetSchema,
      items: Type.Array(
        Type.Object({ pricingDate: DateText, discountRate: RateNumber, includeAccrued: Type.Boolean() }, closed),
      ),
    },
    closed,
  ),
  ({ asset, items: asked }) => ({
    results: asked.map(({ pricingDate, discountRate, includeAccrued }) => {
      const price = priceAsset(assetFromJson(asset), pricingDate, discountRate, includeAccrued)
      return {
        valuation: fenToJson(price.valuation),
        wal: Number(price.walHundredths) / 100,
        duration: price.duration,
        convexity: price.convexity,
        accruedInterest: fenToJson(price.accruedInterest),
        flows: flowTable(price.flows),
      }
    }),
  }),
)

const wal = defineCompute(
  'wal',
  Type.Object({ balance: Money, asOf: DateText, principal: CurveSchema }, closed),
  ({ balance, asOf, principal }) => {
    const life = (unit: 30 | 365): number =>
      Number(weightedAverageLife(cashCurve(principal), fenFromJson(balance), asOf, unit)) / 100
    return { walMonths30: life(30), walYears365: life(365) }
  },
)

const FlowsAndRates = Type.Object(
  { asOf: DateText, items: Type.Array(Type.Object({ flows: CurveSchema, rate: RateNumber }, closed)) },
  closed,
)

const convexities = defineCompute('convexity', FlowsAndRates, ({ asOf, items: asked }) => ({
  values: asked.map(({ flows, rate }) => convexity(cashCurve(flows), asOf, flatRate(rate))),
}))

const durations = defineCompute('duration', FlowsAndRates, ({ asOf, items: asked }) => ({
  values: asked.map(({ flows, rate }) => duration(cashCurve(flows), asOf, flatRate(rate))),
}))

const timeValue = defineCompute(
  'timeValue',
  Type.Object(
    {
      fv: Type.Object({ rate: RateNumber, from: DateText, amount: Money, to: Type.Array(DateText) }, closed),
      survival: Type.Object({ asOf: DateText, rate: RateNumber, dates: Type.Array(Type.Array(DateText)) }, closed),
      requiredAmountForIrr: Type.Object(
        { irr: RateNumber, dates: Type.Array(DateText), cash: Type.Array(Money), payDate: DateText },
        closed,
      ),
    },
    closed,
  ),
  ({ fv, survival, requiredAmountForIrr: required }) => ({
    fv: fv.to.map((to) => fenToJson(futureValue(fenFromJson(fv.amount), fv.from, to, fv.rate))),
    survival: survival.dates.map((dates) => dates.map((date) => survivalFactor(survival.rate, survival.asOf, date))),
    requiredAmount: requiredAmount(cashPairs(required.dates, required.cash), required.payDate, required.irr),
  }),
)

const irrs = defineCompute(
  'irr',
  items(Type.Object({ dates: Type.Array(DateText), cash: Type.Array(Money) }, closed)),
  (input) => ({ values: input.items.map(({ dates, cash }) => irr(cashPairs(dates, cash))) }),
)

export const VALUATION_COMPUTES = [present, bondPrice, spread, assetPrice, wal, convexities, durations, timeValue, irrs]
