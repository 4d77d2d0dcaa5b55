/**
 * Deal terms: one JSON document, schema version 1. Its canonical form is hashed and signed (DESIGN.md); the interpreter
 * in domain/waterfall runs it. Amounts are fen as text, rates decimal fractions as text, formulas text that is parsed
 * and typed when the terms are loaded (domain/deal/formula).
 */
import { Type, type Static } from 'typebox'
import {
  Account,
  Coupon,
  Facility,
  Fee,
  Group,
  Ledger,
  PrincipalProfile,
  RateCap,
  Swap,
  Tranche,
} from './schema/liabilities.ts'
import {
  clauseFields,
  DatePattern,
  DateText,
  FenText,
  FormulaText,
  literals,
  Name,
  optional,
  RateText,
  strict,
  Words,
} from './schema/primitives.ts'
import { AssetTest, CallTerms, CollectionRule, Concentration, PurchaseTerms, Status, Trigger } from './schema/rules.ts'
import { Steps } from './schema/steps.ts'
import { ROLES } from './words.ts'

export const TERMS_SCHEMA = 'sluice/deal-terms/1'

const Parties = Type.Partial(
  strict(
    Object.fromEntries(ROLES.map((role) => [role, Type.Array(Name, { minItems: 1, maxItems: 20 })])) as Record<
      (typeof ROLES)[number],
      ReturnType<typeof Type.Array<typeof Name>>
    >,
  ),
)

const Dates = strict({
  cutOff: DateText,
  closing: optional(DateText),
  firstCollection: DateText,
  firstPay: DateText,
  statedMaturity: DateText,
  collectionDates: DatePattern,
  payDates: DatePattern,
  /** A deal already running: its last collection and payment before the first step. */
  lastCollection: optional(DateText),
  lastPay: optional(DateText),
  businessDays: optional(
    strict({
      calendar: literals(['CN-interbank', 'CN-exchange', 'weekends'] as const),
      rule: literals(['none', 'following', 'modified-following', 'preceding', 'modified-preceding'] as const),
      /** Whether the accrual ends on the moved date too. */
      moveAccrual: Type.Boolean(),
    }),
  ),
})

/** Named choice of behaviour (docs/DEAL-TERMS.md): where amounts are rounded, who gets remainders, when a status rules. */
export const Conventions = strict({
  profile: literals(['cn-plan', 'hastructure', 'actus'] as const),
  /** Whether unpaid interest earns interest; the profile's choice when absent. */
  interestOnUnpaid: optional(Type.Boolean()),
  /** Confirms that rates above 1 (100 %) are meant. */
  ratesAboveOne: optional(Type.Boolean()),
  /** How holders' amounts are found: on the whole balance, or per unit with so many decimals. */
  holders: optional(
    Type.Union([
      strict({ method: Type.Literal('largest-remainder') }),
      strict({
        method: Type.Literal('per-unit'),
        decimals: Type.Integer({ minimum: 0, maximum: 10 }),
        residueAccount: Name,
      }),
    ]),
  ),
})

export const DealTerms = strict(
  {
    schema: Type.Literal(TERMS_SCHEMA),
    dealId: Name,
    name: Words,
    currency: Type.Literal('CNY'),
    conventions: Conventions,
    parties: Parties,
    dates: Dates,
    /** Status before the first step; `afterClosing` is where a deal goes on its closing date. */
    status: Status,
    afterClosing: optional(Status),
    pool: strict({ initial: FenText, pools: optional(Type.Array(strict({ id: Name, initial: FenText }))) }),
    accounts: Type.Array(Account, { minItems: 1, maxItems: 100 }),
    tranches: Type.Array(Tranche, { minItems: 1, maxItems: 100 }),
    groups: optional(Type.Array(Group, { maxItems: 50 })),
    fees: Type.Array(Fee, { maxItems: 200 }),
    ledgers: optional(Type.Array(Ledger, { maxItems: 100 })),
    facilities: optional(Type.Array(Facility, { maxItems: 20 })),
    swaps: optional(Type.Array(Swap, { maxItems: 20 })),
    caps: optional(Type.Array(RateCap, { maxItems: 20 })),
    collection: Type.Array(CollectionRule, { minItems: 1, maxItems: 100 }),
    waterfalls: Type.Partial(
      strict({
        'on-closing': Steps,
        'end-of-collection': Steps,
        revolving: Steps,
        amortising: Steps,
        accelerated: Steps,
        defaulted: Steps,
        'clean-up': Steps,
      }),
    ),
    triggers: Type.Array(Trigger, { maxItems: 100 }),
    eligibility: optional(Type.Array(AssetTest, { maxItems: 200 })),
    concentration: optional(Type.Array(Concentration, { maxItems: 100 })),
    purchase: optional(PurchaseTerms),
    call: optional(CallTerms),
    /** Figures asked for on dates of their own (reports, monitoring). */
    inspections: optional(
      Type.Array(strict({ id: Name, dates: DatePattern, formula: FormulaText }), { maxItems: 100 }),
    ),
    notes: optional(Type.Array(strict({ ...clauseFields }), { maxItems: 200 })),
  },
  'Terms of an asset-backed plan, schema version 1.',
)

export type DealTerms = Static<typeof DealTerms>
export type AccountTerms = Static<typeof Account>
export type TrancheTerms = Static<typeof Tranche>
export type CouponTerms = Static<typeof Coupon>
export type PrincipalTerms = Static<typeof PrincipalProfile>
export type FeeTerms = Static<typeof Fee>
export type GroupTerms = Static<typeof Group>
export type LedgerTerms = Static<typeof Ledger>
export type FacilityTerms = Static<typeof Facility>
export type SwapTerms = Static<typeof Swap>
export type RateCapTerms = Static<typeof RateCap>
export type TriggerTerms = Static<typeof Trigger>
export type CollectionTerms = Static<typeof CollectionRule>
export type CallTermsType = Static<typeof CallTerms>
export type ConventionsTerms = Static<typeof Conventions>
export type RateTextType = Static<typeof RateText>
export type { SimpleStep, IfStep, Step } from './schema/steps.ts'
