import { dealKeys } from '../deal/parties.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { subscriptionWithdrawn } from './events.ts'
import { SUBSCRIPTION_TABLE, subscriptionKey } from './state.ts'
import { openForSubscription } from './subscribe.ts'
import { sealedTopics, subscriptionOf } from './subscriptions.ts'

/** An investor takes back a subscription that it has not paid. Sealed as the subscription is. */
export const withdrawSubscription = method({
  contract: 'securities',
  method: 'withdrawSubscription',
  sentence: {
    zh: '撤回对计划 {deal} {tranche} 档的认购',
    en: 'Withdraw the subscription to tranche {tranche} of plan {deal}',
  },
  args: Fields({ deal: Id, tranche: Id }),
  by: { roles: ['investor'], functions: ['maker', 'checker'] },
  reads: ({ deal, tranche }, { participant }) => [...dealKeys(deal), subscriptionKey(deal, tranche, participant)],
  decide(read, { args: { deal: id, tranche }, caller: { participant: investor } }) {
    const deal = openForSubscription(read, id)
    const before = subscriptionOf(read, id, tranche, investor)
    const state = SUBSCRIPTION_TABLE.next(before.state, 'withdraw', `subscription of ${investor} to ${tranche}`)
    return [subscriptionWithdrawn.of({ deal: id, tranche, investor, state }, sealedTopics(deal, investor))]
  },
})
