import { businessDate } from '../calendar/business-date.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { accountIds } from './account-ids.ts'
import { keptAccounts, requireEmpty } from './accounts.ts'
import { refuseDeal } from './errors.ts'
import { closed } from './events.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from './parties.ts'
import { DEAL_TABLE, termsKey } from './state.ts'

/**
 * The plan manager closes a plan that its last distribution has ended, once no account of the plan holds a fen and no
 * holder waits for a payment. Seen by the parties and holders.
 */
export const close = method({
  contract: 'deal',
  method: 'close',
  sentence: { zh: '终止并结清计划 {deal}', en: 'Close plan {deal}' },
  args: Fields({ deal: Id }),
  by: { roles: ['plan-manager'], functions: ['checker'] },
  reads: ({ deal }) => [...dealKeys(deal), termsKey(deal)],
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'plan-manager')
    const state = DEAL_TABLE.next(deal.state, 'close', `deal ${args.deal}`)
    if (deal.status !== 'ended') refuseDeal('PLAN_NOT_ENDED', { status: deal.status })
    const terms = read(termsKey(args.deal))!
    requireEmpty(read, [
      accountIds.collection(args.deal),
      accountIds.issuance(args.deal),
      ...keptAccounts(terms).map(({ id }) => accountIds.plan(args.deal, id)),
      ...terms.tranches.map(({ id }) => accountIds.tranche(args.deal, id)),
    ])
    const { participant, operator } = caller
    return [closed.of({ deal: args.deal, state, closedOn: businessDate(read), participant, operator }, topicsOf(deal))]
  },
})
