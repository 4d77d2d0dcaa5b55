import { fenString, parseFen } from '#domain/money'
import { businessDate } from '../calendar/business-date.ts'
import { refuseDeal } from '../deal/errors.ts'
import { currentDeal, dealKeys } from '../deal/parties.ts'
import type { Deal } from '../deal/state.ts'
import { commitment } from '../kernel/commitment.ts'
import { method } from '../kernel/method.ts'
import { refuseCall } from '../kernel/refusal.ts'
import { Fields, Id } from '../kernel/schema.ts'
import type { Read } from '../kernel/state.ts'
import { refuseSecurities } from './errors.ts'
import { subscribed, Units } from './events.ts'
import { SUBSCRIPTION_TABLE, subscriptionKey, trancheKey } from './state.ts'
import { sealedTopics, subscribedFen, subscriptionsTo, trancheOf } from './subscriptions.ts'

/**
 * An invited investor subscribes to whole units of a tranche, at par. Sealed: seen by itself, the plan manager and the
 * custodian. Once per tranche; to change it, withdraw and subscribe again.
 */
export const subscribe = method({
  contract: 'securities',
  method: 'subscribe',
  sentence: {
    zh: '认购计划 {deal} {tranche} 档 {units} 份',
    en: 'Subscribe to {units} units of tranche {tranche} of plan {deal}',
  },
  args: Fields({ deal: Id, tranche: Id, units: Units }),
  by: { roles: ['investor'], functions: ['maker', 'checker'] },
  commits: commitment(subscribed, {
    fields: ['/amountFen'],
    of: ({ amountFen }) => parseFen(amountFen),
    amount: { zh: '所认购 {units} 份的金额', en: 'the price of {units} units' },
  }),
  reads: ({ deal, tranche }, { participant }) => [
    ...dealKeys(deal),
    trancheKey(deal, tranche),
    subscriptionKey(deal, tranche, participant),
  ],
  decide(read, { args, caller }) {
    const { deal: id, tranche, units } = args
    const investor = caller.participant
    const deal = openForSubscription(read, id)
    if (!deal.investors.includes(investor)) refuseSecurities('NOT_INVITED', { deal: id, investor })
    const { unitFen, originalFen } = trancheOf(read, id, tranche)
    if (unitFen === null) return refuseSecurities('TRANCHE_RETAINED', { deal: id, tranche })
    const before = read(subscriptionKey(id, tranche, investor))?.state ?? 'none'
    if (before !== 'none' && before !== 'withdrawn') refuseSecurities('SUBSCRIPTION_EXISTS', { tranche, investor })
    const state = SUBSCRIPTION_TABLE.next(before, 'subscribe', `subscription of ${investor} to ${tranche}`)
    const amount = BigInt(units) * parseFen(unitFen)
    const left = parseFen(originalFen) - subscribedFen(subscriptionsTo(read, deal, tranche))
    if (amount > left) {
      refuseSecurities('OVERSUBSCRIBED', { tranche, units, left: fenString(left / parseFen(unitFen)) })
    }
    const data = { deal: id, tranche, investor, units, amountFen: fenString(amount), state }
    return [subscribed.of(data, sealedTopics(deal, investor))]
  },
})

/** Refuses DEAL_NOT_FOUND, BEHIND, WRONG_STATE unless approved, APPROVAL_LAPSED. */
export function openForSubscription(read: Read, id: string): Deal {
  const deal = currentDeal(read, id)
  if (deal.state !== 'approved') refuseCall('WRONG_STATE', { what: `deal ${id}`, state: deal.state, on: 'subscribe' })
  requireValid(read, deal)
  return deal
}

/** Refuses APPROVAL_LAPSED after the last day of the exchange's no-objection. */
export function requireValid(read: Read, { deal, validUntil }: Deal): void {
  const date = businessDate(read)
  if (validUntil !== null && date > validUntil) refuseDeal('APPROVAL_LAPSED', { deal, validUntil, businessDate: date })
}
