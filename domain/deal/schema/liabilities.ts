/** Accounts, tranches, fees and the other things that are owed or hold cash. */
import { Type } from 'typebox'
import {
  clauseFields,
  DatedFen,
  DatePattern,
  DateText,
  DayCountName,
  FenText,
  FormulaText,
  literals,
  Name,
  Names,
  optional,
  RateText,
  strict,
  Words,
} from './primitives.ts'

export const Account = strict({
  id: Name,
  kind: literals(['collection', 'plan', 'income', 'principal', 'reserve', 'residue', 'other'] as const),
  name: optional(Words),
  opening: optional(FenText),
  /** Required balance; a transfer to the account can be limited to `reserveGap("id")`. */
  target: optional(FormulaText),
  interest: optional(
    strict({ rate: RateText, dayCount: DayCountName, dates: DatePattern, accruedTo: DateText }, 'Interest earned.'),
  ),
})

const couponBase = { dayCount: DayCountName }
export const Coupon = Type.Union([
  strict({
    type: Type.Literal('fixed'),
    rate: RateText,
    ...couponBase,
    notional: optional(FormulaText),
    interestOnInterest: optional(strict({ spread: RateText })),
  }),
  strict({
    type: Type.Literal('floating'),
    index: Name,
    spread: RateText,
    initial: RateText,
    resets: DatePattern,
    ...couponBase,
    floor: optional(RateText),
    cap: optional(RateText),
  }),
  strict({
    type: Type.Literal('reference'),
    of: FormulaText,
    factor: RateText,
    initial: RateText,
    resets: DatePattern,
    ...couponBase,
  }),
])

export const PrincipalProfile = Type.Union([
  strict({ type: Type.Literal('sequential') }, 'All of the balance is due whenever it is reached.'),
  strict({ type: Type.Literal('equity') }, 'As sequential, bears no coupon, takes residuals.'),
  strict({ type: Type.Literal('planned'), targets: Type.Array(DatedFen, { minItems: 1 }) }, 'PAC: down to a target.'),
  strict({ type: Type.Literal('lockout'), until: DateText }, 'Nothing is due before a date.'),
  strict({ type: Type.Literal('bullet'), on: DateText }, 'The whole balance is due on one date (and after it).'),
  strict({ type: Type.Literal('accretion') }, 'Z: interest joins the balance while others are outstanding.'),
  strict({ type: Type.Literal('interest-only') }, 'IO: interest on a notional, no principal.'),
])

export const Tranche = strict({
  id: Name,
  name: optional(Words),
  class: Type.Union([Type.Literal('senior'), Type.Literal('mezzanine'), Type.Literal('subordinated')]),
  original: FenText,
  balance: optional(FenText),
  unitFen: optional(FenText),
  principal: PrincipalProfile,
  coupons: Type.Array(Coupon, { maxItems: 20 }),
  accrueFrom: optional(DateText),
  stepUp: optional(strict({ from: DateText, spread: RateText, dates: optional(DatePattern) })),
  expectedMaturity: optional(DateText),
  legalMaturity: optional(DateText),
})

export const Group = strict({ id: Name, tranches: Names })

const feeBase = {
  id: Name,
  name: optional(Words),
  payee: optional(Name),
  ...clauseFields,
  start: optional(DateText),
  /** The most that may fall due at one calculation. */
  cap: optional(FormulaText),
}
export const Fee = Type.Union([
  strict({ ...feeBase, type: Type.Literal('fixed'), amount: FenText }),
  strict({
    ...feeBase,
    type: Type.Literal('annual'),
    rate: RateText,
    of: FormulaText,
    dayCount: optional(DayCountName),
  }),
  strict({ ...feeBase, type: Type.Literal('percentage'), rate: RateText, of: FormulaText }),
  strict({ ...feeBase, type: Type.Literal('recurring'), amount: FenText, dates: DatePattern }),
  strict({ ...feeBase, type: Type.Literal('schedule'), entries: Type.Array(DatedFen) }),
  strict({ ...feeBase, type: Type.Literal('formula'), due: FormulaText }),
])

export const Ledger = strict({ id: Name, opening: optional(FenText), ...clauseFields })

export const Facility = strict({
  id: Name,
  provider: optional(Name),
  kind: Type.Union([Type.Literal('liquidity'), Type.Literal('guarantee')]),
  credit: FenText,
  /** Whether repayment makes the amount available again. */
  revolving: optional(Type.Boolean()),
  drawnRate: RateText,
  unusedRate: RateText,
  start: DateText,
  ...clauseFields,
})

const SwapLeg = Type.Union([
  strict({ type: Type.Literal('fixed'), rate: RateText }),
  strict({ type: Type.Literal('floating'), index: Name, spread: RateText }),
])
export const Swap = strict({
  id: Name,
  counterparty: optional(Name),
  pay: SwapLeg,
  receive: SwapLeg,
  notional: FormulaText,
  dates: DatePattern,
  dayCount: DayCountName,
  start: DateText,
  settle: optional(strict({ dates: DatePattern, account: Name })),
  ...clauseFields,
})

export const RateCap = strict({
  id: Name,
  counterparty: optional(Name),
  index: Name,
  strike: Type.Array(Type.Tuple([DateText, RateText]), { minItems: 1 }),
  notional: FormulaText,
  dates: DatePattern,
  start: DateText,
  end: DateText,
  ...clauseFields,
})
