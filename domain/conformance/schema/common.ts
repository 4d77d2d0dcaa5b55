/** The shared words of testdata/vectors/VOCABULARY.md as closed schemas: primitives, dates, curves, tables. */
import { Type } from 'typebox'
import { DAY_COUNTS } from '../../day-count.ts'
import { DATE_NAMES, PERIODS, RANGE_TYPES } from '../../dates/pattern.ts'
import type { IsoDate } from '../../date.ts'

export const closed = { additionalProperties: false } as const

/** A date checked by the strict reader, so the adapters may take it as one. */
export const DateText = Type.Unsafe<IsoDate>({ type: 'string', format: 'date' })
export const Money = Type.Number()
export const RateNumber = Type.Number()
export const Index = Type.Integer({ minimum: 0 })

export const DayCountWord = Type.Enum([...DAY_COUNTS])
export const PeriodWord = Type.Enum([...PERIODS])
export const RangeTypeWord = Type.Enum([...RANGE_TYPES])
export const LookupWord = Type.Enum(['inclusive', 'exclusive'])
export const OpWord = Type.Enum(['>', '<', '>='])

export const CurveSchema = Type.Array(Type.Tuple([DateText, Type.Number()]))
export const CurveSetSchema = Type.Record(Type.String(), CurveSchema)
export const RowSchema = Type.Array(Type.Unknown())
export const TableSchema = Type.Object({ columns: Type.Array(Type.String()), rows: Type.Array(RowSchema) }, closed)
export const FrameSchema = Type.Object(
  { opening: Type.Object({ balance: Money, date: DateText }, closed), rows: Type.Array(RowSchema) },
  closed,
)
export const RoundingSchema = Type.Object(
  { mode: Type.Enum(['floor']), step: Type.Number({ exclusiveMinimum: 0 }) },
  closed,
)

const pattern = Type.Ref('Pattern')
export const PatternSchema = Type.Cyclic(
  {
    Pattern: Type.Union([
      Type.Enum([...DATE_NAMES]),
      Type.Object({ dayOfMonth: Type.Integer() }, closed),
      Type.Object({ weekday: Type.Integer() }, closed),
      Type.Object({ monthDay: Type.Tuple([Type.Integer(), Type.Integer()]) }, closed),
      Type.Object({ everyNMonth: Type.Integer(), anchor: DateText }, closed),
      Type.Object({ custom: Type.Array(DateText) }, closed),
      Type.Object({ all: Type.Array(pattern) }, closed),
      Type.Object({ exclude: pattern, remove: Type.Array(pattern) }, closed),
      Type.Object({ offsetDays: Type.Integer(), of: pattern }, closed),
      Type.Object({ startsAt: DateText, inclusive: Type.Boolean(), of: pattern }, closed),
      Type.Object({ endsAt: DateText, inclusive: Type.Boolean(), of: pattern }, closed),
    ]),
  },
  'Pattern',
)

const dealDatePatterns = { stated: DateText, collectPattern: PatternSchema, payPattern: PatternSchema }
export const DealDatesSchema = Type.Union([
  Type.Object(
    {
      type: Type.Literal('current'),
      ...dealDatePatterns,
      lastCollect: DateText,
      lastPay: DateText,
      nextCollect: DateText,
      nextPay: DateText,
    },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal('preClosing'),
      ...dealDatePatterns,
      cutoff: DateText,
      closing: DateText,
      firstCollect: DateText,
      firstPay: DateText,
    },
    closed,
  ),
])

export const items = <const S extends Parameters<typeof Type.Array>[0]>(schema: S) =>
  Type.Object({ items: Type.Array(schema) }, closed)
