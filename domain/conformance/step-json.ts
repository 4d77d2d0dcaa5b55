/** Actions of the vectors as steps of a waterfall. */
import type { Step } from '../deal/terms.ts'
import { conditionText, fenText, money, rateText, words } from './formula-json.ts'
import type { ActionJson } from './schema/action.ts'

const direction = (word: 'Debit' | 'Credit'): 'debit' | 'credit' => (word === 'Debit' ? 'debit' : 'credit')
const priceOf = ({ performing, defaulted }: ActionJson['price']) => ({
  performing: rateText(performing),
  defaulted: rateText(defaulted),
})

export const stepsOf = (actions: readonly ActionJson[], path: string): Step[] =>
  actions.map((action, index) => stepOf(action, `${path}.${index + 1}`))

function stepOf(a: ActionJson, id: string): Step {
  const base = { id, clause: id, text: words(a.action) }
  const limit = a.limit === undefined ? {} : { limit: money(a.limit) }
  const support = a.support === undefined ? {} : { support: a.support }
  switch (a.action) {
    case 'CalcBondInt':
      return { ...base, action: 'accrue-interest', tranches: a.bonds }
    case 'CalcFee':
      return { ...base, action: 'calculate-fee', fees: a.fees }
    case 'PayInt':
      return { ...base, action: 'pay-interest', from: a.from, tranches: a.bonds, ...limit, ...support }
    case 'AccrueAndPayInt':
      return { ...base, action: 'pay-interest', from: a.from, tranches: a.bonds, accrue: true, ...support }
    case 'AccrueAndPayIntGroup':
      return { ...base, action: 'pay-interest', from: a.from, tranches: [a.group], accrue: true }
    case 'PayIntByRateIndex':
      return { ...base, action: 'pay-interest', from: a.from, tranches: a.bonds, coupon: a.coupon }
    case 'PayPrin':
      return { ...base, action: 'pay-principal', from: a.from, tranches: a.bonds, ...limit }
    case 'PayPrinGroup':
      return { ...base, action: 'pay-principal', from: a.from, tranches: [a.group] }
    case 'PayIntResidual':
      return { ...base, action: 'pay-residual', from: a.from, tranche: a.bond }
    case 'PayFee':
      return { ...base, action: 'pay-fee', from: a.from, fees: a.fees }
    case 'CalcAndPayFee':
      return { ...base, action: 'pay-fee', from: a.from, fees: a.fees, calculate: true }
    case 'Transfer':
      return { ...base, action: 'transfer', from: a.from, to: a.to, ...limit }
    case 'TransferAndBook': {
      const book = { ledger: a.book.ledger, direction: direction(a.book.direction) }
      return { ...base, action: 'transfer', from: a.from, to: a.to, ...limit, book }
    }
    case 'BookLedgers':
      return {
        ...base,
        action: 'book-ledger',
        direction: direction(a.direction),
        amount: money(a.amount),
        ledgers: a.ledgers.map(({ ledger, cap }) => ({ ledger, cap: money(cap) })),
      }
    case 'WriteOff':
      return { ...base, action: 'write-off', tranche: a.bond, amount: money(a.amount) }
    case 'FundWith':
      return { ...base, action: 'fund', tranche: a.bond, to: a.to, amount: fenText(a.amount as number) }
    case 'BuyAsset':
      return { ...base, action: 'purchase', from: a.from, price: priceOf(a.price) }
    case 'LiquidatePool':
      return { ...base, action: 'sell-pool', to: a.to, price: priceOf(a.price) }
    case 'LiqAccrue':
      return { ...base, action: 'facility-accrue', facilities: a.facilities }
    case 'LiqRepay':
      return { ...base, action: 'facility-repay', from: a.from, facility: a.facility, order: a.order }
    case 'LiqSupport':
      return { ...base, action: 'facility-pay-interest', facility: a.facility, tranches: a.bonds, ...limit }
    case 'SwapSettle':
      return { ...base, action: 'swap-settle', account: a.account, swap: a.swap }
    case 'CollectRateCap':
      return { ...base, action: 'cap-collect', to: a.to, cap: a.rateCap }
    case 'IfElse': {
      const [yes, no] = [stepsOf(a.then, `${id}.then`), stepsOf(a.else, `${id}.else`)]
      return { ...base, action: 'if', if: conditionText(a.if), then: yes, else: no }
    }
    default:
      throw new Error(`unknown action ${a.action}`)
  }
}
