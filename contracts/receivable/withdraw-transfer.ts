import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { transferWithdrawn } from './events.ts'
import { currentDate, holdingOf, parties } from './lookup.ts'
import { HOLDING_STATES, holdingKey } from './state.ts'

/** The holder takes an offer back, or its recipient declines it; the holding is free again. */
export const withdrawTransfer = method({
  contract: 'receivable',
  method: 'withdrawTransfer',
  sentence: { zh: '撤回或谢绝对持有 {holding} 的转让', en: 'Withdraw or decline the offer of holding {holding}' },
  args: Fields({ holding: Id }),
  by: { functions: ['maker'] },
  reads: ({ holding }) => [holdingKey(holding)],
  decide(read, { args, caller: { participant } }) {
    const { id, state, owner, proposal, receivable, batch } = holdingOf(read, args.holding)
    if (participant !== owner && participant !== proposal?.to) refuse('NOT_THE_HOLDER', { holding: id })
    currentDate(read, batch)
    HOLDING_STATES.next(state, 'withdrawTransfer', `holding ${id}`)
    if (!proposal) throw new Error(`holding ${id} is reserved for nobody`)
    const recipient = proposal.to
    return [transferWithdrawn.of({ receivable, holding: id, owner, recipient }, parties(owner, recipient))]
  },
})
