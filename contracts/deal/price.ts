import { fenString, parseFen, type Fen } from '#domain/money'
import { RESERVED_CASH } from '../cash/commitment.ts'
import { instructionOf, instruct } from '../cash/transfers.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { refuseCall } from '../kernel/refusal.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { accountIds } from './account-ids.ts'
import { refuseDeal } from './errors.ts'
import { priceInstructed } from './events.ts'
import { currentDeal, dealKeys, partyOf, requireParty, topicsOf } from './parties.ts'
import { priceInstruction, type Deal } from './state.ts'

/** The proceeds of the subscription go to the originator as the price of the assets. */
export function instructPrice(stage: Stage, deal: Deal, price: Fen, attempt: number): void {
  const instruction = priceInstruction(deal.deal, attempt)
  const [from, to] = [accountIds.issuance(deal.deal), accountIds.price(deal.deal)]
  instruct(stage, {
    id: instruction,
    deal: deal.deal,
    bank: partyOf(deal, 'custodian'),
    linked: [{ transferId: 'price', step: 'purchase price', from, to, amountFen: price }],
  })
  const data = { deal: deal.deal, priceFen: fenString(price), attempt, instruction }
  stage.emit(priceInstructed, data, topicsOf(deal))
}

/** Instructs the price again after the custodian has voided the instruction (e.g. a wrong account at the bank). */
export const repeatPrice = method({
  contract: 'deal',
  method: 'repeatPrice',
  sentence: { zh: '重新划付计划 {deal} 的资产购买价款', en: 'Instruct the purchase price of plan {deal} again' },
  args: Fields({ deal: Id }),
  by: { roles: ['plan-manager'], functions: ['checker', 'payer'] },
  commits: RESERVED_CASH,
  reads: ({ deal }) => dealKeys(deal),
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'plan-manager')
    if (deal.state !== 'allotted') {
      refuseCall('WRONG_STATE', { what: `deal ${args.deal}`, state: deal.state, on: 'repeat-price' })
    }
    const { id, state } = instructionOf(read, priceInstruction(args.deal, deal.priceAttempt))
    if (state !== 'voided') refuseDeal('PRICE_NOT_VOIDED', { instruction: id, state })
    const stage = new Stage(read)
    instructPrice(stage, deal, parseFen(deal.priceFen), deal.priceAttempt + 1)
    return stage.events
  },
})
