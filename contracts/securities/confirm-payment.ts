import type { CreditLine } from '../cash/events.ts'
import { Reference } from '../cash/events.ts'
import { referenceKey } from '../cash/state.ts'
import { accountIds } from '../deal/account-ids.ts'
import { dealKeys, partyOf, requireParty } from '../deal/parties.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuseSecurities } from './errors.ts'
import { paymentConfirmed } from './events.ts'
import { paymentLineKey, SUBSCRIPTION_TABLE, subscriptionKey } from './state.ts'
import { openForSubscription } from './subscribe.ts'
import { sealedTopics, subscriptionOf } from './subscriptions.ts'

/**
 * The custodian says which of its own statement lines paid a subscription (验资): it must credit the plan's subscription
 * account with exactly the amount, and a line pays once. Sealed as the subscription is.
 */
export const confirmPayment = method({
  contract: 'securities',
  method: 'confirmPayment',
  sentence: {
    zh: '确认 {investor} 对计划 {deal} {tranche} 档的认购款已到账，流水 {reference}',
    en: 'Confirm that {investor} paid for tranche {tranche} of plan {deal} by statement line {reference}',
  },
  args: Fields({ deal: Id, tranche: Id, investor: Id, reference: Reference }),
  by: { roles: ['custodian'], functions: ['checker', 'service:bank', 'service:issuance'] },
  reads: ({ deal, tranche, investor, reference }, { participant }) => [
    ...dealKeys(deal),
    subscriptionKey(deal, tranche, investor),
    referenceKey(participant, reference),
    paymentLineKey(participant, reference),
  ],
  decide(read, { args: { deal: id, tranche, investor, reference }, caller }) {
    const deal = openForSubscription(read, id)
    requireParty(deal, caller, 'custodian')
    const subscription = subscriptionOf(read, id, tranche, investor)
    const state = SUBSCRIPTION_TABLE.next(
      subscription.state,
      'confirm-payment',
      `subscription of ${investor} to ${tranche}`,
    )
    const bank = partyOf(deal, 'custodian')
    const { line } = read(referenceKey(bank, reference)) ?? refuseSecurities('PAYMENT_NOT_FOUND', { bank, reference })
    const used = read(paymentLineKey(bank, reference))
    if (used) refuseSecurities('PAYMENT_USED', { reference })
    const { amountFen } = subscription
    const { account, amountFen: credited } = JSON.parse(line) as Partial<CreditLine>
    if (account !== accountIds.issuance(id) || credited !== amountFen) {
      refuseSecurities('PAYMENT_DIFFERS', {
        reference,
        wantFen: amountFen,
        creditedFen: credited ?? null,
        account: account ?? null,
      })
    }
    const data = { deal: id, tranche, investor, amountFen, bank, reference, state }
    return [paymentConfirmed.of(data, sealedTopics(deal, investor))]
  },
})
