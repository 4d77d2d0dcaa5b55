/** The steps of a waterfall. Each names its clause; `when` and `limit` are formulas, `support` is drawn on when short. */
import { Type, type Static } from 'typebox'
import { clauseFields, FenText, FormulaText, Name, Names, optional, RateText, strict } from './primitives.ts'

const base = { id: Name, ...clauseFields, when: optional(FormulaText) }
const from = { from: Name }
const limit = { limit: optional(FormulaText) }
const Support = Type.Array(Type.Union([strict({ account: Name }), strict({ facility: Name })]), {
  minItems: 1,
  maxItems: 20,
  description: 'Drawn on in this order when the paying account is short.',
})
const support = { support: optional(Support) }
/** Among several payees: by amount due, or one after another. */
const order = { order: optional(Type.Union([Type.Literal('pro-rata'), Type.Literal('sequential')])) }
const Price = strict({ performing: RateText, defaulted: RateText }, 'Per unit of balance.')

const action = <A extends string>(name: A) => ({ action: Type.Literal(name) })

export const simpleSteps = [
  strict({ ...base, ...action('accrue-interest'), tranches: Names }),
  strict({ ...base, ...action('calculate-fee'), fees: Names }),
  strict({
    ...base,
    ...action('pay-interest'),
    ...from,
    tranches: Names,
    /** Accrue to the date first. */
    accrue: optional(Type.Boolean()),
    /** Pay one coupon strip only, counted from 0. */
    coupon: optional(Type.Integer({ minimum: 0, maximum: 19 })),
    ...order,
    ...limit,
    ...support,
  }),
  strict({ ...base, ...action('pay-principal'), ...from, tranches: Names, ...order, ...limit, ...support }),
  strict({ ...base, ...action('pay-residual'), ...from, tranche: Name, ...limit }),
  strict({
    ...base,
    ...action('pay-fee'),
    ...from,
    fees: Names,
    calculate: optional(Type.Boolean()),
    ...order,
    ...limit,
    ...support,
  }),
  strict({
    ...base,
    ...action('transfer'),
    ...from,
    to: Name,
    ...limit,
    book: optional(strict({ ledger: Name, direction: Type.Union([Type.Literal('debit'), Type.Literal('credit')]) })),
  }),
  strict({
    ...base,
    ...action('book-ledger'),
    direction: Type.Union([Type.Literal('debit'), Type.Literal('credit')]),
    amount: FormulaText,
    ledgers: Type.Array(strict({ ledger: Name, cap: FormulaText }), { minItems: 1, maxItems: 50 }),
  }),
  strict({ ...base, ...action('write-off'), tranche: Name, amount: FormulaText }),
  strict({ ...base, ...action('fund'), tranche: Name, to: Name, amount: FenText }),
  strict({ ...base, ...action('purchase'), ...from, price: Price, ...limit }),
  strict({ ...base, ...action('sell-pool'), to: Name, price: Price }),
  strict({ ...base, ...action('facility-accrue'), facilities: Names }),
  strict({
    ...base,
    ...action('facility-repay'),
    ...from,
    facility: Name,
    order: Type.Array(Type.Union([Type.Literal('premium'), Type.Literal('interest'), Type.Literal('balance')]), {
      minItems: 1,
      maxItems: 3,
    }),
  }),
  strict({ ...base, ...action('facility-pay-interest'), facility: Name, tranches: Names, ...limit }),
  strict({ ...base, ...action('facility-draw'), facility: Name, to: Name, ...limit }),
  strict({ ...base, ...action('swap-settle'), account: Name, swap: Name }),
  strict({ ...base, ...action('cap-collect'), to: Name, cap: Name }),
] as const

export const SimpleStep = Type.Union([...simpleSteps])
export type SimpleStep = Static<typeof SimpleStep>

/** One of two lists, chosen when the step is reached. */
export interface IfStep {
  id: string
  clause: string
  text: { zh: string; en: string }
  when?: string
  action: 'if'
  if: string
  then: Step[]
  else: Step[]
}
export type Step = SimpleStep | IfStep

const nested = Type.Array(Type.Ref('Step'), { maxItems: 200 })

/** A list of steps; conditions hold lists of their own. */
export const Steps = Type.Unsafe<Step[]>(
  Type.Cyclic(
    {
      Step: Type.Union([
        ...simpleSteps,
        strict({ ...base, ...action('if'), if: FormulaText, then: nested, else: nested }),
      ]),
      Steps: Type.Array(Type.Ref('Step'), { maxItems: 200 }),
    },
    'Steps',
  ),
)
