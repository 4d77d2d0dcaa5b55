import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { APPROVED_FACE } from './commitment.ts'
import { refuse } from './errors.ts'
import { receivableApproved } from './events.ts'
import { currentDate, parties, receivableOf } from './lookup.ts'
import { RECEIVABLE_STATES, receivableKey } from './state.ts'

/** A checker of the core enterprise, another operator than the maker, approves: the supplier may accept. */
export const approve = method({
  contract: 'receivable',
  method: 'approve',
  sentence: { zh: '复核同意开立应收账款 {receivable}', en: 'Approve the issue of receivable {receivable}' },
  args: Fields({ receivable: Id }),
  by: { roles: ['core-enterprise'], functions: ['checker'] },
  commits: APPROVED_FACE,
  reads: ({ receivable }) => [receivableKey(receivable)],
  decide(read, { args: { receivable }, caller }) {
    const drafted = receivableOf(read, receivable)
    const { batch, issuer, supplier, faceFen, issued, maturity } = drafted
    if (issuer !== caller.participant) refuse('NOT_THE_ISSUER', { receivable })
    if (drafted.maker === caller.operator) refuse('SAME_OPERATOR', { receivable, operator: caller.operator })
    const today = currentDate(read, batch)
    RECEIVABLE_STATES.next(drafted.state, 'approve', `receivable ${receivable}`)
    if (today >= maturity) refuse('MATURED', { receivable, maturity, today })
    return [
      receivableApproved.of(
        { receivable, batch, issuer, supplier, faceFen, issued, maturity, checker: caller.operator },
        parties(issuer, supplier),
      ),
    ]
  },
})
