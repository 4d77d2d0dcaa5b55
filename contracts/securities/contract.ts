import { contract } from '../kernel/method.ts'
import { confirmPayment } from './confirm-payment.ts'
import { securitiesEvents } from './events.ts'
import { register } from './register.ts'
import { repayHolder } from './repay-holder.ts'
import { subscribe } from './subscribe.ts'
import { withdrawSubscription } from './withdraw-subscription.ts'

/**
 * Subscriptions, holdings and payments of a plan's securities.
 *
 * Who sees what: a tranche's size, balance and totals paid are seen by the plan's parties, subscribers and holders. A
 * subscription is sealed: the investor, the plan manager and the custodian. A holding and a holder's amounts: that
 * holder, plan manager, custodian and depository. The register of a tranche: plan manager, custodian, depository. The
 * regulator sees everything.
 */
export const securities = contract({
  name: 'securities',
  methods: [subscribe, withdrawSubscription, confirmPayment, register, repayHolder],
  events: securitiesEvents,
  disclosure: { fields: 'parties' },
})
