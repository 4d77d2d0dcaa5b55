import { Type } from 'typebox'
import { factorAt, linearAt, microToNumber, stepAt, thresholdAt, toMicro } from '../../curve.ts'
import { yearFraction } from '../../day-count.ts'
import { mulDiv } from '../../money.ts'
import { shareProRata, shareSequential } from '../../waterfall/share.ts'
import { levelPayment, periodSpeed } from '../../projection/doubles.ts'
import { armRates, periodRateMicro } from '../../projection/rates.ts'
import { multiply, toDecimals } from '../../rate.ts'
import { curveFromJson } from '../asset-json.ts'
import { defineCompute } from '../compute.ts'
import { fenFromJson, fenToJson, rateFromJson, rateToJson } from '../numbers.ts'
import {
  closed,
  CurveSchema,
  DateText,
  DayCountWord,
  Index,
  items,
  LookupWord,
  Money,
  OpWord,
  PeriodWord,
  RateNumber,
  RoundingSchema,
} from '../schema/common.ts'

const interestAccrual = defineCompute(
  'interestAccrual',
  items(
    Type.Object({ balance: Money, start: DateText, end: DateText, rate: RateNumber, dayCount: DayCountWord }, closed),
  ),
  (input) => ({
    values: input.items.map(({ balance, start, end, rate, dayCount }) => {
      const factor = multiply(yearFraction(dayCount, start, end), rateFromJson(rate))
      return fenToJson(mulDiv(fenFromJson(balance), factor.numerator, factor.denominator, 'floor'))
    }),
  }),
)

const periodRate = defineCompute(
  'periodRate',
  items(Type.Object({ period: PeriodWord, annual: RateNumber }, closed)),
  (input) => ({
    values: input.items.map(({ period, annual }) =>
      microToNumber(periodRateMicro(period, toMicro(rateFromJson(annual)))),
    ),
  }),
)

const periodSpeeds = defineCompute(
  'periodSpeed',
  items(Type.Object({ annual: RateNumber, days: Type.Integer() }, closed)),
  (input) => ({ values: input.items.map(({ annual, days }) => periodSpeed(annual, days)) }),
)

const levelPayments = defineCompute(
  'levelPayment',
  items(Type.Object({ balance: Money, periodRate: RateNumber, periods: Type.Integer({ minimum: 1 }) }, closed)),
  (input) => ({
    values: input.items.map(({ balance, periodRate: rate, periods }) =>
      fenToJson(levelPayment(fenFromJson(balance), toMicro(rateFromJson(rate)), periods)),
    ),
  }),
)

const roundTo = defineCompute(
  'roundTo',
  items(
    Type.Object(
      { mode: Type.Enum(['floor', 'ceil']), step: Type.Number({ exclusiveMinimum: 0 }), x: Type.Number() },
      closed,
    ),
  ),
  (input) => ({
    values: input.items.map(({ mode, step, x }) => {
      const [unit, value] = [rateFromJson(step), rateFromJson(x)]
      const steps = mulDiv(value.numerator, unit.denominator, value.denominator * unit.numerator, mode)
      return rateToJson({ numerator: steps * unit.numerator, denominator: unit.denominator })
    }),
  }),
)

const curve = defineCompute(
  'curve',
  Type.Object(
    {
      items: Type.Array(
        Type.Object(
          {
            kind: Type.Enum(['step', 'threshold', 'factor', 'linear']),
            points: CurveSchema,
            end: Type.Optional(DateText),
            lookup: Type.Optional(LookupWord),
            at: Type.Array(DateText),
          },
          closed,
        ),
      ),
      multiply: Type.Optional(Type.Object({ rates: CurveSchema, factors: CurveSchema, lookup: LookupWord }, closed)),
    },
    closed,
  ),
  ({ items: asked, multiply: product }) => ({
    values: asked.map(({ kind, points, end, lookup = 'inclusive', at }) => {
      const values = curveFromJson(points)
      return at.map((date) => {
        if (kind === 'linear') return rateToJson(linearAt(values, date))
        if (kind === 'factor') return rateToJson(factorAt(values, date, lookup, end))
        return rateToJson(kind === 'step' ? stepAt(values, date, lookup) : thresholdAt(values, date, lookup))
      })
    }),
    ...(product && {
      product: curveFromJson(product.rates).map(([date, rate]) => [
        date,
        rateToJson(multiply(rate, stepAt(curveFromJson(product.factors), date, product.lookup))),
      ]),
    }),
  }),
)

const periodCurve = defineCompute(
  'periodCurve',
  Type.Object(
    { points: Type.Array(Type.Tuple([Type.Integer(), Type.Number()])), query: Type.Array(Type.Integer()) },
    closed,
  ),
  ({ points, query }) => {
    const future = (test: (index: number, asked: number) => boolean) =>
      query.map((asked) => points.find(([index]) => test(index, asked))?.[1] ?? null)
    const past = (test: (index: number, asked: number) => boolean) =>
      query.map((asked) => points.filter(([index]) => test(index, asked)).at(-1)?.[1] ?? null)
    return {
      futureInclusive: future((index, asked) => index >= asked),
      futureExclusive: future((index, asked) => index > asked),
      pastInclusive: past((index, asked) => index <= asked),
      pastExclusive: past((index, asked) => index < asked),
    }
  },
)

const Side = Type.Union([Type.Number(), Type.Literal('key')])
const TableTest = Type.Object(
  {
    scan: Type.Enum(['down', 'up']),
    test: Type.Object({ left: Side, op: OpWord, right: Side }, closed),
  },
  closed,
)

const holds = (left: number, op: '>' | '<' | '>=', right: number): boolean =>
  op === '>' ? left > right : op === '<' ? left < right : left >= right

const tableLookup = defineCompute(
  'tableLookup',
  Type.Object(
    {
      rows: Type.Array(Type.Tuple([Type.Number(), Type.Number()])),
      lookups: Type.Array(TableTest),
      intervals: Type.Array(TableTest),
    },
    closed,
  ),
  ({ rows, lookups, intervals }) => {
    const scanned = ({ scan, test }: (typeof lookups)[number]) => {
      const order = scan === 'down' ? rows : [...rows].reverse()
      const side = (value: number | 'key', key: number): number => (value === 'key' ? key : value)
      const at = order.findIndex(([key]) => holds(side(test.left, key), test.op, side(test.right, key)))
      return { found: order[at], next: at < 0 ? undefined : order[at + 1] }
    }
    return {
      values: lookups.map((lookup) => scanned(lookup).found?.[1] ?? null),
      intervals: intervals.map((lookup) => {
        const { found, next } = scanned(lookup)
        return found && next ? [found, next] : null
      }),
    }
  },
)

const DueAndCash = items(Type.Object({ due: Type.Array(Money), cash: Money }, closed))

const dues = (amounts: readonly number[]) => amounts.map((due, i) => ({ id: String(i), due: fenFromJson(due) }))

const allocateProRata = defineCompute('allocateProRata', DueAndCash, (input, { proRata }) => ({
  values: input.items.map(({ due, cash }) => shareProRata(dues(due), fenFromJson(cash), proRata).map(fenToJson)),
}))

const allocateSequential = defineCompute('allocateSequential', DueAndCash, (input) => ({
  values: input.items.map(({ due, cash }) => shareSequential(dues(due), fenFromJson(cash)).map(fenToJson)),
}))

const arm = defineCompute(
  'armRates',
  items(
    Type.Object(
      {
        initPeriods: Index,
        firstResetCap: RateNumber,
        periodicCap: RateNumber,
        lifeCap: RateNumber,
        lifeFloor: RateNumber,
        startRate: RateNumber,
        spread: RateNumber,
        resetDates: Type.Array(DateText),
        index: Type.Array(RateNumber),
        round: Type.Optional(RoundingSchema),
      },
      closed,
    ),
  ),
  (input) => ({
    values: input.items.map((item) => {
      const terms = {
        initPeriods: item.initPeriods,
        firstResetCap: rateFromJson(item.firstResetCap),
        periodicCap: rateFromJson(item.periodicCap),
        lifeCap: rateFromJson(item.lifeCap),
        lifeFloor: rateFromJson(item.lifeFloor),
        startRate: rateFromJson(item.startRate),
        spread: rateFromJson(item.spread),
        ...(item.round && { roundStep: rateFromJson(item.round.step) }),
      }
      const rates = armRates(
        terms,
        item.resetDates.map((_, i) => toMicro(toDecimals(rateFromJson(item.index[i] ?? 0), 6, 'floor'))),
      )
      return [toMicro(terms.startRate), ...rates].map(microToNumber)
    }),
  }),
)

export const NUMBER_COMPUTES = [
  interestAccrual,
  periodRate,
  periodSpeeds,
  levelPayments,
  roundTo,
  curve,
  periodCurve,
  tableLookup,
  allocateProRata,
  allocateSequential,
  arm,
]
