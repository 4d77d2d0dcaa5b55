import { fenString } from '#domain/money'
import { effectiveBatch } from '../asset-registry/effective.ts'
import { accountOf, availableFen } from '../cash/accounts.ts'
import { RESERVED_CASH } from '../cash/commitment.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { allot } from '../securities/allot.ts'
import { requireValid } from '../securities/subscribe.ts'
import { trancheOf } from '../securities/subscriptions.ts'
import { accountIds } from './account-ids.ts'
import { refuseDeal } from './errors.ts'
import { fundsVerified } from './events.ts'
import { instructPrice } from './price.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from './parties.ts'
import { DEAL_TABLE } from './state.ts'

/**
 * The plan manager (an operator other than the proposer) verifies the funds and sets the establishment (设立) going:
 * every tranche is paid, the first asset batch is attested, the subscription account holds exactly the proceeds.
 * Securities are allotted, and the whole of the proceeds is instructed to the originator as the price. The plan is
 * established when the custodian has booked that, which leaves its accounts at nothing, and the depository registers.
 */
export const establish = method({
  contract: 'deal',
  method: 'establish',
  sentence: { zh: '设立计划 {deal}', en: 'Establish plan {deal}' },
  args: Fields({ deal: Id }),
  by: { roles: ['plan-manager'], functions: ['checker'] },
  commits: RESERVED_CASH,
  reads: ({ deal }) => dealKeys(deal),
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'plan-manager')
    const state = DEAL_TABLE.next(deal.state, 'establish', `deal ${args.deal}`)
    const { participant, operator } = caller
    if (operator === deal.proposedBy) refuseDeal('SAME_OPERATOR', { operator })
    requireValid(read, deal)
    if (!effectiveBatch(read, args.deal)) refuseDeal('POOL_NOT_EFFECTIVE', { deal: args.deal })
    const stage = new Stage(read)
    const proceeds = allot(stage, deal)
    const held = availableFen(accountOf(read, accountIds.issuance(args.deal)))
    if (held !== proceeds) {
      refuseDeal('PROCEEDS_DIFFER', { subscribedFen: fenString(proceeds), heldFen: fenString(held) })
    }
    const tranches = deal.trancheIds.map((tranche) => ({
      tranche,
      fen: trancheOf(read, args.deal, tranche).originalFen,
    }))
    stage.emit(fundsVerified, { deal: args.deal, state, tranches, participant, operator }, topicsOf(deal))
    instructPrice(stage, deal, proceeds, 1)
    return stage.events
  },
})
