import { method } from '../kernel/method.ts'
import { Fields, Id, Text } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { receivableWithdrawn } from './events.ts'
import { release } from './invoices.ts'
import { currentDate, parties, receivableOf } from './lookup.ts'
import { RECEIVABLE_STATES, receivableKey } from './state.ts'

/** The core enterprise takes a receivable back, before the supplier accepts it only; its invoices are free again. */
export const withdraw = method({
  contract: 'receivable',
  method: 'withdraw',
  sentence: { zh: '撤回应收账款 {receivable}：{reason}', en: 'Withdraw receivable {receivable}: {reason}' },
  args: Fields({ receivable: Id, reason: Text }),
  by: { roles: ['core-enterprise'], functions: ['maker', 'checker'] },
  reads: ({ receivable }) => [receivableKey(receivable)],
  decide(read, { args: { receivable, reason }, caller }) {
    const { state, issuer, supplier, batch, invoices } = receivableOf(read, receivable)
    if (caller.participant !== issuer) refuse('NOT_THE_ISSUER', { receivable })
    currentDate(read, batch)
    RECEIVABLE_STATES.next(state, 'withdraw', `receivable ${receivable}`)
    return [
      receivableWithdrawn.of(
        { receivable, by: caller.operator, reason, invoiceBalances: release(read, invoices) },
        state === 'draft' ? parties(issuer) : parties(issuer, supplier),
      ),
    ]
  },
})
