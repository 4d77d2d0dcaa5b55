import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuseDeal } from './errors.ts'
import { withdrawn } from './events.ts'
import { Reason } from './fields.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from './parties.ts'
import { DEAL_TABLE } from './state.ts'

/** The plan manager (an operator other than the proposer) takes a plan back before the exchange has approved it. */
export const withdraw = method({
  contract: 'deal',
  method: 'withdraw',
  sentence: { zh: '撤回计划 {deal}：{reason}', en: 'Withdraw plan {deal}: {reason}' },
  args: Fields({ deal: Id, reason: Reason }),
  by: { roles: ['plan-manager'], functions: ['checker'] },
  reads: ({ deal }) => dealKeys(deal),
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'plan-manager')
    const state = DEAL_TABLE.next(deal.state, 'withdraw', `deal ${args.deal}`)
    const { participant, operator } = caller
    if (operator === deal.proposedBy) refuseDeal('SAME_OPERATOR', { operator })
    return [withdrawn.of({ deal: args.deal, state, reason: args.reason, participant, operator }, topicsOf(deal))]
  },
})
