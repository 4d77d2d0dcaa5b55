/** Collection rules, triggers, eligibility and concentration tests, purchase and call terms. */
import { Type } from 'typebox'
import { DEAL_EVENTS, SOURCES, STATUSES } from '../words.ts'
import { clauseFields, DateText, FormulaText, literals, Name, optional, RateText, strict } from './primitives.ts'

export const Source = literals(SOURCES)
export const Status = literals(STATUSES)
export const EventName = literals(DEAL_EVENTS)
export const Comparison = literals(['<', '<=', '>', '>=', '=='] as const)

export const CollectionRule = strict({
  id: Name,
  ...clauseFields,
  sources: Type.Array(Source, { minItems: 1 }),
  pools: optional(Type.Array(Name, { minItems: 1 })),
  /** Shares of the cash; the last takes what rounding leaves, where the shares add up to one. */
  to: Type.Array(strict({ account: Name, share: RateText }), { minItems: 1, maxItems: 20 }),
})

export const TriggerTest = strict({
  /** The figure tested; with a denominator, the quotient is tested. */
  numerator: FormulaText,
  denominator: optional(FormulaText),
  op: Comparison,
  threshold: FormulaText,
  /** Other usual denominators of the same figure, shown beside it (initial against initial + purchased). */
  shown: optional(Type.Array(strict({ name: Name, denominator: FormulaText }), { maxItems: 5 })),
})

export const Trigger = strict({
  id: Name,
  event: EventName,
  ...clauseFields,
  at: Type.Union([Type.Literal('before-waterfall'), Type.Literal('after-waterfall')]),
  /** Tested in these statuses only; absent: in all. */
  statuses: optional(Type.Array(Status, { minItems: 1 })),
  test: TriggerTest,
  /** Fires only when in breach for this many days, or this many tests, in a row. */
  forDays: optional(Type.Integer({ minimum: 1, maximum: 3660 })),
  forTests: optional(Type.Integer({ minimum: 1, maximum: 400 })),
  /** Not curable: once fired it stays fired and is not tested again. */
  curable: Type.Boolean(),
  /** A curable trigger is cured after so many tests in a row without breach (default 1). */
  cureTests: optional(Type.Integer({ minimum: 1, maximum: 400 })),
  then: strict({ status: optional(Status), cured: optional(Status) }),
})

export const AssetTest = strict({
  id: Name,
  ...clauseFields,
  field: Name,
  op: literals(['<', '<=', '>', '>=', '==', 'in', 'not-in'] as const),
  value: Type.Union([RateText, DateText, Name, Type.Array(Name, { minItems: 1 })]),
})

export const Concentration = strict({
  id: Name,
  ...clauseFields,
  by: Name,
  /** The largest `top` groups together may be at most `limit` of the pool (default 1). */
  top: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  limit: RateText,
})

export const PurchaseTerms = strict({
  ...clauseFields,
  price: RateText,
  until: optional(DateText),
  minimumYield: optional(RateText),
})

export const CallTerms = strict({
  ...clauseFields,
  /** Exercised when true, tested on pay dates before the waterfall; the clean-up waterfall runs instead. */
  if: FormulaText,
  price: optional(RateText),
})
