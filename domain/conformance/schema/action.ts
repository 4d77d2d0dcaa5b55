/** Waterfall actions of testdata/vectors/VOCABULARY.md as closed schemas. */
import { Type } from 'typebox'
import { closed, Index, Money } from './common.ts'
import { ConditionSchema, FormulaSchema, type ConditionJson, type FormulaJson } from './formula.ts'

const text = Type.String()
const texts = Type.Array(Type.String())
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
export const ActionsSchema = Type.Unsafe<ActionJson[]>(
  Type.Cyclic({ Action: Type.Union(ACTIONS), Actions: Type.Array(Type.Ref('Action')) }, 'Actions'),
)
