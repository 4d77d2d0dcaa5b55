import { Type } from 'typebox'
import { dealCalendar } from '../../dates/deal-dates.ts'
import { datesInRange, firstDates, periodDates } from '../../dates/pattern.ts'
import { yearFraction } from '../../day-count.ts'
import { defineCompute } from '../compute.ts'
import { rateToJson } from '../numbers.ts'
import {
  closed,
  DateText,
  DayCountWord,
  DealDatesSchema,
  Index,
  items,
  PatternSchema,
  PeriodWord,
  RangeTypeWord,
} from '../schema/common.ts'

const yearFractions = defineCompute(
  'yearFraction',
  items(Type.Object({ start: DateText, end: DateText, dayCount: DayCountWord }, closed)),
  (input) => ({
    values: input.items.map(({ start, end, dayCount }) => rateToJson(yearFraction(dayCount, start, end))),
  }),
)

const dates = defineCompute(
  'dates',
  items(
    Type.Union([
      Type.Object(
        { op: Type.Literal('range'), rangeType: RangeTypeWord, start: DateText, end: DateText, pattern: PatternSchema },
        closed,
      ),
      Type.Object({ op: Type.Literal('firstN'), pattern: PatternSchema, from: DateText, n: Index }, closed),
      Type.Object({ op: Type.Literal('addPeriods'), start: DateText, period: PeriodWord, n: Index }, closed),
    ]),
  ),
  (input) => ({
    values: input.items.map((item) => {
      if (item.op === 'range') return datesInRange(item.rangeType, item.pattern, item.start, item.end)
      if (item.op === 'firstN') return firstDates(item.pattern, item.from, item.n)
      return periodDates(item.start, item.period, item.n)
    }),
  }),
)

const dealDates = defineCompute('dealDates', Type.Object({ dates: DealDatesSchema }, closed), (input) => {
  const { startDate, closingDate, lastPayDate, collectionDates, payDates, endDate } = dealCalendar(input.dates)
  return {
    startDate,
    closingDate: closingDate ?? lastPayDate,
    firstPayDate: payDates[0],
    collectionDates,
    payDates,
    endDate,
  }
})

export const DATE_COMPUTES = [yearFractions, dates, dealDates]
