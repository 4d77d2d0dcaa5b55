/** Deals of testdata/vectors/VOCABULARY.md as closed schemas: formulas, bonds, fees, actions, triggers, hedges. */
import { Type, type Static } from 'typebox'
import { AssetSchema, AssumptionSchema } from './asset.ts'
import {
  closed,
  CurveSchema,
  CurveSetSchema,
  DateText,
  DayCountWord,
  DealDatesSchema,
  Index,
  Money,
  OpWord,
  PatternSchema,
  RateNumber,
} from './common.ts'

const text = Type.String()
const texts = Type.Array(Type.String())
const stat = (name: string, keys: Record<string, ReturnType<typeof Type.Optional> | typeof text | typeof texts> = {}) =>
  Type.Object({ stat: Type.Literal(name), ...keys }, closed)

export const SourceWord = Type.Enum([
  'CollectedInterest',
  'CollectedPrincipal',
  'CollectedPrepayment',
  'CollectedRecoveries',
  'CollectedCash',
  'NewLosses',
])

const STATS = [
  stat('poolBalance', { pools: Type.Optional(texts) }),
  stat('poolFactor'),
  stat('poolDefaultedBalance'),
  stat('poolWeightedRate'),
  stat('cumulativeDefaultRate'),
  Type.Object({ stat: Type.Literal('collected'), sources: Type.Array(SourceWord) }, closed),
  stat('bondBalance', { bonds: Type.Optional(texts) }),
  stat('originBondBalance', { bonds: Type.Optional(texts) }),
  stat('bondFactor'),
  stat('bondCount'),
  stat('dueInterest', { bonds: texts }),
  stat('ledgerBalance', { ledger: text }),
  stat('reserveGap', { account: text }),
  stat('reserveExcess', { account: text }),
  stat('date'),
]
export interface StatJson {
  readonly stat: string
  readonly pools?: readonly string[]
  readonly sources?: readonly string[]
  readonly bonds?: readonly string[]
  readonly ledger?: string
  readonly account?: string
}
export type FormulaJson = number | StatJson
export const FormulaSchema = Type.Unsafe<FormulaJson>(Type.Union([Type.Number(), ...STATS]))

export const ConditionSchema = Type.Object(
  { left: FormulaSchema, op: OpWord, right: Type.Union([DateText, Type.Number()]) },
  closed,
)
export type ConditionJson = { left: FormulaJson; op: string; right: number | string }

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

const from = { from: text }
const bonds = { bonds: texts }
const limit = { limit: Type.Optional(FormulaSchema) }
const support = { support: Type.Optional(Type.Array(Type.Object({ account: text }, closed))) }
const order = { order: Type.Enum(['proRata']) }
const price = { price: Type.Object({ performing: Type.Number(), defaulted: Type.Number() }, closed) }
const DirectionWord = Type.Enum(['Debit', 'Credit'])
const act = <A extends string, P extends Record<string, unknown>>(action: A, keys: P) =>
  Type.Object({ action: Type.Literal(action), ...(keys as Record<string, typeof text>) }, closed)

const nested = Type.Array(Type.Ref('Action'))
const ACTIONS = [
  act('CalcBondInt', bonds),
  act('CalcFee', { fees: texts }),
  act('PayInt', { ...from, ...bonds, ...limit, ...support }),
  act('AccrueAndPayInt', { ...from, ...bonds, ...support }),
  act('PayIntByRateIndex', { ...from, ...bonds, coupon: Index }),
  act('PayPrin', { ...from, ...bonds, ...limit }),
  act('PayIntResidual', { ...from, bond: text }),
  act('AccrueAndPayIntGroup', { ...from, group: text, ...order }),
  act('PayPrinGroup', { ...from, group: text, ...order }),
  act('PayFee', { ...from, fees: texts }),
  act('CalcAndPayFee', { ...from, fees: texts }),
  act('Transfer', { ...from, to: text, ...limit }),
  act('TransferAndBook', {
    ...from,
    to: text,
    ...limit,
    book: Type.Object({ direction: DirectionWord, ledger: text }, closed),
  }),
  act('BookLedgers', {
    direction: DirectionWord,
    amount: FormulaSchema,
    ledgers: Type.Array(Type.Object({ ledger: text, cap: FormulaSchema }, closed)),
  }),
  act('WriteOff', { bond: text, amount: FormulaSchema }),
  act('FundWith', { to: text, bond: text, amount: Money }),
  act('BuyAsset', { ...from, ...price }),
  act('LiquidatePool', { to: text, ...price }),
  act('LiqAccrue', { facilities: texts }),
  act('LiqRepay', { ...from, facility: text, order: Type.Array(Type.Enum(['premium', 'interest', 'balance'])) }),
  act('LiqSupport', { facility: text, pay: Type.Enum(['bondInterest']), ...bonds, ...limit }),
  act('SwapSettle', { account: text, swap: text }),
  act('CollectRateCap', { to: text, rateCap: text }),
  act('IfElse', { if: ConditionSchema, then: nested, else: nested }),
]
/** One action; which keys it has is what the schema says. */
export interface ActionJson {
  readonly action: string
  readonly from: string
  readonly to: string
  readonly bonds: string[]
  readonly bond: string
  readonly group: string
  readonly fees: string[]
  readonly coupon: number
  readonly limit?: FormulaJson
  readonly support?: { account: string }[]
  readonly book: { direction: 'Debit' | 'Credit'; ledger: string }
  readonly direction: 'Debit' | 'Credit'
  readonly amount: FormulaJson
  readonly ledgers: { ledger: string; cap: FormulaJson }[]
  readonly price: { performing: number; defaulted: number }
  readonly facilities: string[]
  readonly facility: string
  readonly order: ('premium' | 'interest' | 'balance')[]
  readonly account: string
  readonly swap: string
  readonly rateCap: string
  readonly if: ConditionJson
  readonly then: ActionJson[]
  readonly else: ActionJson[]
}
const ActionsSchema = Type.Unsafe<ActionJson[]>(
  Type.Cyclic({ Action: Type.Union(ACTIONS), Actions: Type.Array(Type.Ref('Action')) }, 'Actions'),
)

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
