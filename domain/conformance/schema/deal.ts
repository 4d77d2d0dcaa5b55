/** Deals of testdata/vectors/VOCABULARY.md as closed schemas: accounts, bonds, fees, triggers, hedges. */
import { Type, type Static } from 'typebox'
import { ActionsSchema } from './action.ts'
import { AssetSchema, AssumptionSchema } from './asset.ts'
import {
  closed,
  CurveSchema,
  CurveSetSchema,
  DateText,
  DayCountWord,
  DealDatesSchema,
  Money,
  PatternSchema,
  RateNumber,
} from './common.ts'
import { ConditionSchema, FormulaSchema, SourceWord, type FormulaJson } from './formula.ts'

const text = Type.String()
const texts = Type.Array(Type.String())

export type ReserveJson = { pct: number; of: FormulaJson } | { fixed: number } | { max: ReserveJson[] }
const ReserveSchema = Type.Unsafe<ReserveJson>(
  Type.Cyclic(
    {
      Reserve: Type.Union([
        Type.Object({ pct: Type.Number(), of: FormulaSchema }, closed),
        Type.Object({ fixed: Money }, closed),
        Type.Object({ max: Type.Array(Type.Ref('Reserve')) }, closed),
      ]),
    },
    'Reserve',
  ),
)

export const AccountSchema = Type.Object(
  {
    balance: Money,
    target: Type.Optional(ReserveSchema),
    interest: Type.Optional(
      Type.Object({ rate: RateNumber, pattern: PatternSchema, lastAccrue: DateText, dayCount: DayCountWord }, closed),
    ),
  },
  closed,
)
export type AccountJson = Static<typeof AccountSchema>

const CouponSchema = Type.Union([
  Type.Object(
    {
      fix: RateNumber,
      dayCount: DayCountWord,
      notional: Type.Optional(FormulaSchema),
      interestOnInterest: Type.Optional(Type.Object({ spread: RateNumber }, closed)),
    },
    closed,
  ),
  Type.Object(
    {
      index: text,
      spread: RateNumber,
      initial: RateNumber,
      resetPattern: PatternSchema,
      dayCount: DayCountWord,
      floor: Type.Optional(RateNumber),
      cap: Type.Optional(RateNumber),
    },
    closed,
  ),
  Type.Object(
    {
      ref: FormulaSchema,
      factor: Type.Number(),
      resetPattern: PatternSchema,
      initial: RateNumber,
      dayCount: DayCountWord,
    },
    closed,
  ),
])
export type CouponJson = Static<typeof CouponSchema>

const balance = { balance: Money, rate: Type.Optional(CouponSchema) }
const accrueFrom = { accrueFrom: Type.Optional(DateText) }
const origin = { originBalance: Type.Optional(Money) }
const BONDS = [
  Type.Object(
    {
      type: Type.Literal('Sequential'),
      ...balance,
      ...origin,
      ...accrueFrom,
      coupons: Type.Optional(Type.Array(CouponSchema)),
      stepUp: Type.Optional(
        Type.Object({ from: DateText, spread: RateNumber, pattern: Type.Optional(PatternSchema) }, closed),
      ),
    },
    closed,
  ),
  Type.Object({ type: Type.Literal('Equity'), ...balance, ...origin }, closed),
  Type.Object({ type: Type.Literal('PAC'), ...balance, ...accrueFrom, targets: CurveSchema }, closed),
  Type.Object({ type: Type.Literal('Lockout'), ...balance, ...accrueFrom, until: DateText }, closed),
  Type.Object({ type: Type.Literal('Z'), ...balance }, closed),
  Type.Object({ type: Type.Literal('IO'), ...balance }, closed),
] as const
const SingleBond = Type.Union([...BONDS])
export type BondJson = Static<typeof SingleBond>
const GroupBond = Type.Object({ type: Type.Literal('Group'), members: Type.Record(text, SingleBond) }, closed)
export const BondsSchema = Type.Record(text, Type.Union([...BONDS, GroupBond]))
export type BondsJson = Static<typeof BondsSchema>

const start = { start: DateText }
export const FeeSchema = Type.Union([
  Type.Object({ type: Type.Literal('fixed'), amount: Money, ...start }, closed),
  Type.Object({ type: Type.Literal('annualRate'), rate: RateNumber, of: FormulaSchema, ...start }, closed),
  Type.Object({ type: Type.Literal('percentage'), rate: RateNumber, of: FormulaSchema, ...start }, closed),
  Type.Object({ type: Type.Literal('recurring'), amount: Money, pattern: PatternSchema, ...start }, closed),
  Type.Object({ type: Type.Literal('flow'), schedule: CurveSchema }, closed),
])
export type FeeJson = Static<typeof FeeSchema>

export const StatusWord = Type.Enum(['PreClosing', 'Amortizing', 'Revolving', 'Accelerated'])
export const TriggersSchema = Type.Object(
  {
    beforeWaterfall: Type.Record(
      text,
      Type.Object(
        { if: ConditionSchema, then: Type.Object({ setStatus: StatusWord }, closed), curable: Type.Boolean() },
        closed,
      ),
    ),
  },
  closed,
)
export type TriggersJson = Static<typeof TriggersSchema>

const LegSchema = Type.Union([
  Type.Object({ fix: RateNumber }, closed),
  Type.Object({ index: text, spread: RateNumber }, closed),
])
export type LegJson = Static<typeof LegSchema>
const SwapSchema = Type.Object(
  {
    pay: LegSchema,
    receive: LegSchema,
    notional: FormulaSchema,
    accruePattern: PatternSchema,
    dayCount: DayCountWord,
    start: DateText,
    autoSettle: Type.Optional(Type.Object({ pattern: PatternSchema, account: text }, closed)),
  },
  closed,
)
const RateCapSchema = Type.Object(
  {
    index: text,
    strike: CurveSchema,
    notional: FormulaSchema,
    accruePattern: PatternSchema,
    start: DateText,
    end: DateText,
  },
  closed,
)
const FacilitySchema = Type.Object(
  {
    type: Type.Literal('fixed'),
    credit: Money,
    drawnRate: RateNumber,
    unusedPremiumRate: RateNumber,
    start: DateText,
  },
  closed,
)

const CollectionSchema = Type.Object(
  {
    source: SourceWord,
    pools: Type.Optional(texts),
    account: Type.Optional(text),
    split: Type.Optional(Type.Array(Type.Object({ share: Type.Number(), account: text }, closed))),
  },
  closed,
)

const PoolSchema = Type.Object(
  { asOf: DateText, issuanceBalance: Type.Optional(Money), assets: Type.Array(AssetSchema) },
  closed,
)

const PricingSchema = Type.Object(
  {
    discount: Type.Optional(Type.Object({ date: DateText, curve: CurveSchema }, closed)),
    irr: Type.Optional(
      Type.Record(
        text,
        Type.Union([
          Type.Object({ holding: Money, history: CurveSchema }, closed),
          Type.Object({ buyDate: DateText, priceFactor: Type.Number(), cash: Money }, closed),
        ]),
      ),
    ),
    zSpread: Type.Optional(
      Type.Object({ bond: text, date: DateText, pricePer100: Type.Number(), riskFreeCurve: CurveSchema }, closed),
    ),
  },
  closed,
)
export type PricingJson = Static<typeof PricingSchema>

const waterfall = Type.Optional(ActionsSchema)
export const DealSchema = Type.Object(
  {
    status: StatusWord,
    statusAfterClosing: Type.Optional(StatusWord),
    dates: DealDatesSchema,
    pools: Type.Record(text, PoolSchema),
    assumption: Type.Optional(AssumptionSchema),
    accounts: Type.Record(text, AccountSchema),
    bonds: BondsSchema,
    fees: Type.Optional(Type.Record(text, FeeSchema)),
    ledgers: Type.Optional(Type.Record(text, Type.Object({ balance: Money }, closed))),
    collection: Type.Array(CollectionSchema),
    waterfall: Type.Object(
      {
        Amortizing: waterfall,
        Revolving: waterfall,
        Accelerated: waterfall,
        EndOfCollection: waterfall,
        OnClosing: waterfall,
        CleanUp: waterfall,
      },
      closed,
    ),
    triggers: Type.Optional(TriggersSchema),
    liquidity: Type.Optional(Type.Record(text, FacilitySchema)),
    swaps: Type.Optional(Type.Record(text, SwapSchema)),
    rateCaps: Type.Optional(Type.Record(text, RateCapSchema)),
    indexCurves: Type.Optional(CurveSetSchema),
    revolvingPool: Type.Optional(Type.Object({ constant: Type.Array(AssetSchema) }, closed)),
    call: Type.Optional(Type.Object({ if: ConditionSchema, when: Type.Enum(['beforeWaterfall']) }, closed)),
    stop: Type.Optional(DateText),
    inspect: Type.Optional(Type.Object({ pattern: PatternSchema, formulas: Type.Record(text, FormulaSchema) }, closed)),
    reports: Type.Optional(Type.Object({ pattern: PatternSchema }, closed)),
    pricing: Type.Optional(PricingSchema),
  },
  closed,
)
export type DealJson = Static<typeof DealSchema>
