import { calendarKey } from '../calendar/state.ts'
import { PUBLIC } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { mayAsk, openProposal, requireInstitution } from './ballot.ts'
import { refuse } from './errors.ts'
import { approvalWithdrawn, proposalWithdrawn } from './events.ts'
import { institutionsKey, PROPOSAL_TABLE, proposalKey } from './state.ts'

/** An institution takes its approval back, with any of its checkers' keys: also what a stolen key approved. */
export const withdrawApproval = method({
  contract: 'governance',
  method: 'withdrawApproval',
  sentence: { zh: '撤回对提议 {proposal} 的同意', en: 'Withdraw the approval of proposal {proposal}' },
  args: Fields({ proposal: Id }),
  by: { functions: ['checker'] },
  reads: ({ proposal }) => [proposalKey(proposal), institutionsKey, calendarKey],
  decide(read, { args, caller }, { height }) {
    const { participant: institution, operator, keyId } = caller
    requireInstitution(read, caller, height)
    const proposal = openProposal(read, args.proposal, 'withdraw-approval')
    const approvals = proposal.approvals.filter((approval) => approval.institution !== institution)
    if (approvals.length === proposal.approvals.length) refuse('NOT_APPROVED', { proposal: args.proposal, institution })
    return [approvalWithdrawn.of({ proposal: args.proposal, institution, operator, keyId, approvals }, [PUBLIC])]
  },
})

/** Who made a proposal takes it back. */
export const withdraw = method({
  contract: 'governance',
  method: 'withdraw',
  sentence: { zh: '撤回提议 {proposal}', en: 'Withdraw proposal {proposal}' },
  args: Fields({ proposal: Id }),
  by: { functions: ['maker', 'checker'] },
  reads: ({ proposal }) => [proposalKey(proposal), institutionsKey, calendarKey],
  decide(read, { args, caller }, { height }) {
    const { participant: institution, operator, keyId } = caller
    const asked = read(proposalKey(args.proposal))
    if (!asked || !mayAsk(caller, asked.action)) requireInstitution(read, caller, height)
    const proposal = openProposal(read, args.proposal, 'withdraw')
    if (proposal.institution !== institution) refuse('NOT_THE_PROPOSER', { proposal: args.proposal, institution })
    const state = PROPOSAL_TABLE.next(proposal.state, 'withdraw', `proposal ${args.proposal}`)
    return [proposalWithdrawn.of({ proposal: args.proposal, state, institution, operator, keyId }, [PUBLIC])]
  },
})
