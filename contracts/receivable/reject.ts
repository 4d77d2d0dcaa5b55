import { method } from '../kernel/method.ts'
import { Fields, Id, Text } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { receivableRejected } from './events.ts'
import { release } from './invoices.ts'
import { currentDate, parties, receivableOf } from './lookup.ts'
import { RECEIVABLE_STATES, receivableKey } from './state.ts'

/** The core enterprise's checker rejects a draft, or the supplier an approved receivable; its invoices are free again. */
export const reject = method({
  contract: 'receivable',
  method: 'reject',
  sentence: { zh: '拒绝应收账款 {receivable}：{reason}', en: 'Reject receivable {receivable}: {reason}' },
  args: Fields({ receivable: Id, reason: Text }),
  by: { roles: ['core-enterprise', 'supplier'], functions: ['maker', 'checker'] },
  reads: ({ receivable }) => [receivableKey(receivable)],
  decide(read, { args: { receivable, reason }, caller }) {
    const { state, issuer, supplier, maker, batch, invoices } = receivableOf(read, receivable)
    // A draft is the enterprise's own affair; what it approved is the supplier's to take or leave.
    if (state === 'draft') {
      if (caller.participant !== issuer) refuse('NOT_THE_ISSUER', { receivable })
      if (caller.operator === maker) refuse('SAME_OPERATOR', { receivable, operator: caller.operator })
    } else if (caller.participant !== supplier) refuse('NOT_THE_SUPPLIER', { receivable })
    currentDate(read, batch)
    RECEIVABLE_STATES.next(state, 'reject', `receivable ${receivable}`)
    return [
      receivableRejected.of(
        { receivable, by: caller.operator, reason, invoiceBalances: release(read, invoices) },
        state === 'draft' ? parties(issuer) : parties(issuer, supplier),
      ),
    ]
  },
})
