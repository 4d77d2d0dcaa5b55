/** Assets and assumptions of testdata/vectors/VOCABULARY.md as closed schemas. */
import { Type, type Static } from 'typebox'
import {
  closed,
  CurveSchema,
  DateText,
  DayCountWord,
  Index,
  Money,
  PatternSchema,
  PeriodWord,
  RateNumber,
} from './common.ts'

const Balance = Type.Number({ minimum: 0 })
const Term = Type.Integer({ minimum: 0 })
/** A rate above 1 is a percentage that somebody forgot to divide: refused with the unit that is expected. */
const AnnualRate = Type.Number({ minimum: -1, maximum: 1 })
const Share = Type.Number({ minimum: 0, maximum: 1 })

const FloatingSchema = Type.Object(
  {
    index: Type.String(),
    spread: RateNumber,
    initial: AnnualRate,
    resetPattern: PatternSchema,
    floor: Type.Optional(RateNumber),
    cap: Type.Optional(RateNumber),
  },
  closed,
)
const AssetRateSchema = Type.Union([AnnualRate, FloatingSchema])

const F_P = Type.Object({ type: Type.Literal('F_P') }, closed)
const PO_FirstN = Type.Object({ type: Type.Literal('PO_FirstN'), periods: Index }, closed)
const AmortizationSchema = Type.Union([
  Type.Object({ type: Type.Literal('Level') }, closed),
  Type.Object({ type: Type.Literal('Even') }, closed),
  Type.Object({ type: Type.Literal('I_P') }, closed),
  F_P,
  PO_FirstN,
  Type.Object({ type: Type.Literal('Balloon'), term: Term }, closed),
  Type.Object({ type: Type.Literal('NO_FirstN'), periods: Index, then: Type.Literal('Level') }, closed),
  Type.Object({ type: Type.Literal('IO_FirstN'), periods: Index, then: Type.Literal('Level') }, closed),
  Type.Object({ type: Type.Literal('Schedule'), principal: CurveSchema }, closed),
])

export const AssetStatusSchema = Type.Union([
  Type.Literal('Current'),
  Type.Object({ defaulted: Type.Union([DateText, Type.Null()]) }, closed),
])

const PenaltySchema = Type.Union([
  Type.Object({ type: Type.Literal('byTerm'), periods: Index, rate: RateNumber, rateAfter: RateNumber }, closed),
  Type.Object({ type: Type.Literal('amount'), amount: Money, periods: Type.Optional(Index) }, closed),
  Type.Object({ type: Type.Literal('percentage'), rate: RateNumber, periods: Type.Optional(Index) }, closed),
  Type.Object({ type: Type.Literal('sliding'), rate: RateNumber, step: RateNumber }, closed),
  Type.Object(
    {
      type: Type.Literal('stepDown'),
      steps: Type.Array(Type.Object({ periods: Index, rate: RateNumber }, closed)),
    },
    closed,
  ),
])

const terms = {
  originBalance: Balance,
  originTerm: Term,
  currentBalance: Balance,
  remainingTerm: Term,
}
const rates = { originRate: AssetRateSchema, currentRate: Type.Optional(AnnualRate) }

const MortgageSchema = Type.Object(
  {
    assetType: Type.Literal('Mortgage'),
    ...terms,
    ...rates,
    freq: PeriodWord,
    originDate: DateText,
    dayCount: Type.Optional(DayCountWord),
    amortization: AmortizationSchema,
    status: Type.Optional(AssetStatusSchema),
    prepaymentPenalty: Type.Optional(PenaltySchema),
  },
  closed,
)

const ArmSchema = Type.Object(
  {
    assetType: Type.Literal('AdjustRateMortgage'),
    ...terms,
    ...rates,
    freq: PeriodWord,
    originDate: DateText,
    amortization: AmortizationSchema,
    arm: Type.Object(
      {
        initPeriods: Index,
        firstResetCap: RateNumber,
        periodicCap: RateNumber,
        lifeCap: RateNumber,
        lifeFloor: RateNumber,
      },
      closed,
    ),
  },
  closed,
)

const LoanSchema = Type.Object(
  {
    assetType: Type.Literal('Loan'),
    ...terms,
    ...rates,
    freq: Type.Optional(PeriodWord),
    originDate: Type.Optional(DateText),
    dayCount: Type.Optional(DayCountWord),
    amortization: AmortizationSchema,
  },
  closed,
)

const InstallmentSchema = Type.Object(
  {
    assetType: Type.Literal('Installment'),
    ...terms,
    freq: PeriodWord,
    originDate: DateText,
    feeRatePerPeriod: AnnualRate,
    amortization: Type.Union([F_P, PO_FirstN]),
  },
  closed,
)

const LeaseSchema = Type.Object(
  {
    assetType: Type.Literal('Lease'),
    originDate: DateText,
    originTerm: Term,
    remainingTerm: Term,
    currentBalance: Type.Optional(Balance),
    rentalPerDay: Money,
    payPattern: PatternSchema,
    stepUp: Type.Optional(
      Type.Union([
        Type.Object({ multiplier: Type.Number() }, closed),
        Type.Object({ multipliers: Type.Array(Type.Number()) }, closed),
      ]),
    ),
  },
  closed,
)

const ReceivableFeeSchema = Type.Union([
  Type.Object({ type: Type.Literal('fixed'), amount: Money }, closed),
  Type.Object({ type: Type.Literal('advance'), rate: RateNumber }, closed),
  Type.Object(
    {
      type: Type.Literal('factor'),
      rate: RateNumber,
      everyDays: Type.Integer({ minimum: 1 }),
      round: Type.Literal('up'),
    },
    closed,
  ),
])

const ReceivableSchema = Type.Object(
  {
    assetType: Type.Literal('Receivable'),
    originDate: DateText,
    faceValue: Balance,
    advance: Balance,
    dueDate: DateText,
    fee: Type.Optional(ReceivableFeeSchema),
    status: Type.Optional(AssetStatusSchema),
  },
  closed,
)

const FixedAssetSchema = Type.Object(
  {
    assetType: Type.Literal('FixedAsset'),
    originDate: DateText,
    originBalance: Balance,
    currentBalance: Balance,
    residualBalance: Balance,
    originTerm: Term,
    remainingTerm: Term,
    freq: PeriodWord,
    capacity: Type.Number(),
    utilization: CurveSchema,
    price: CurveSchema,
    extendPeriods: Index,
    method: Type.Enum(['straightLine', 'doubleDeclining']),
  },
  closed,
)

export const AssetSchema = Type.Union([
  MortgageSchema,
  ArmSchema,
  LoanSchema,
  InstallmentSchema,
  LeaseSchema,
  ReceivableSchema,
  FixedAssetSchema,
])
export type AssetJson = Static<typeof AssetSchema>

const SpeedSchema = Type.Union([
  Share,
  Type.Object({ vector: Type.Array(Share), pad: Type.Enum(['zero', 'last']) }, closed),
])

const RecoverySchema = Type.Object(
  {
    rate: Share,
    lag: Type.Optional(Index),
    timing: Type.Optional(Type.Array(Type.Number())),
    byDays: Type.Optional(Type.Array(Type.Tuple([Type.Integer(), Type.Number()]))),
  },
  closed,
)

export const AssumptionSchema = Type.Object(
  {
    CDR: Type.Optional(SpeedSchema),
    CPR: Type.Optional(SpeedSchema),
    PSA: Type.Optional(Type.Number()),
    defaultStress: Type.Optional(CurveSchema),
    recovery: Type.Optional(RecoverySchema),
    defaultByAmount: Type.Optional(Type.Object({ total: Money, split: Type.Array(Type.Number()) }, closed)),
    defaultAtEndByRate: Type.Optional(Type.Object({ CDR: Share, lastCDR: Share }, closed)),
    defaultedRecovery: Type.Optional(RecoverySchema),
    delinquency: Type.Optional(Type.Object({ CDR: Share, lag: Index, defaultShare: Share }, closed)),
    renewal: Type.Optional(Type.Object({ gapDays: Index, rentChangeAnnual: RateNumber, endByDate: DateText }, closed)),
  },
  closed,
)
export type AssumptionJson = Static<typeof AssumptionSchema>
