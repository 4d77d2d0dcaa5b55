import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { TAKEN_OVER } from './commitment.ts'
import { refuse } from './errors.ts'
import { transferAccepted } from './events.ts'
import { currentDate, headerOf, holdingOf, parties } from './lookup.ts'
import { HOLDING_STATES, holdingKey } from './state.ts'

/** The recipient takes over what was offered to it: the whole transfer happens in this one command. */
export const acceptTransfer = method({
  contract: 'receivable',
  method: 'acceptTransfer',
  sentence: { zh: '受让应收账款持有 {holding}', en: 'Take over holding {holding}' },
  args: Fields({ holding: Id }),
  by: { roles: ['supplier', 'factor'], functions: ['maker'] },
  commits: TAKEN_OVER,
  reads: ({ holding }) => [holdingKey(holding)],
  decide(read, { args, caller: { participant } }) {
    const holding = holdingOf(read, args.holding)
    const { id, proposal, owner, issuer, from, to, maturity } = holding
    if (proposal && proposal.to !== participant) refuse('NOT_THE_RECIPIENT', { holding: id })
    const today = currentDate(read, holding.batch)
    HOLDING_STATES.next(holding.state, 'acceptTransfer', `holding ${id}`)
    if (!proposal) throw new Error(`holding ${id} is reserved for nobody`)
    if (today > proposal.until) refuse('PROPOSAL_EXPIRED', { holding: id, until: proposal.until, today })
    if (today >= maturity) refuse('MATURED', { holding: id, maturity, today })
    // Another may have used the id since; ids of proposals are not reserved.
    if (read(holdingKey(proposal.holding))) refuse('HOLDING_EXISTS', { holding: proposal.holding })
    return [
      transferAccepted.of(
        {
          ...headerOf(holding),
          holding: id,
          owner,
          newHolding: proposal.holding,
          recipient: participant,
          from,
          to,
          tier: holding.tier + 1,
        },
        // The debtor is told: an assignment binds it once notified (DOMAIN.md §3).
        parties(owner, participant, issuer),
      ),
    ]
  },
})
