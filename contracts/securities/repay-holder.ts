import { RESERVED_CASH } from '../cash/commitment.ts'
import { instructionOf } from '../cash/transfers.ts'
import { PeriodId } from '../deal/fields.ts'
import { currentDeal, dealKeys, requireParty } from '../deal/parties.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuseSecurities } from './errors.ts'
import { instructHolder } from './pay-holders.ts'
import { holderPaymentKey } from './state.ts'

/**
 * The depository instructs a holder's payment again after it had to void the first (e.g. the holder's bank sent it
 * back): the same amounts under the next attempt's id. Seen by that holder, plan manager, custodian, depository.
 */
export const repayHolder = method({
  contract: 'securities',
  method: 'repayHolder',
  sentence: {
    zh: '重新向 {holder} 支付计划 {deal} 期间 {period} 的款项',
    en: 'Pay {holder} again for period {period} of plan {deal}',
  },
  args: Fields({ deal: Id, period: PeriodId, holder: Id }),
  by: { roles: ['depository'], functions: ['checker', 'service:issuance', 'service:bank'] },
  commits: RESERVED_CASH,
  reads: ({ deal, period, holder }) => [...dealKeys(deal), holderPaymentKey(deal, period, holder)],
  decide(read, { args: { deal: id, period, holder }, caller }) {
    const deal = currentDeal(read, id)
    requireParty(deal, caller, 'depository')
    const payment =
      read(holderPaymentKey(id, period, holder)) ?? refuseSecurities('HOLDER_PAYMENT_NOT_FOUND', { period, holder })
    const { state } = instructionOf(read, payment.instruction)
    if (state !== 'voided') refuseSecurities('PAYMENT_NOT_VOIDED', { instruction: payment.instruction, state })
    const stage = new Stage(read)
    instructHolder(stage, deal, payment, payment.attempt + 1)
    return stage.events
  },
})
