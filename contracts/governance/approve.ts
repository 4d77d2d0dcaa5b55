import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import { calendarKey } from '../calendar/state.ts'
import { PUBLIC, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Height, Id, OrNull } from '../kernel/schema.ts'
import { Action, ACTION_CLAUSES } from './actions.ts'
import { countedApprovals, institutionsAt, openProposal, requireInstitution } from './ballot.ts'
import { perform } from './enact.ts'
import { refuse } from './errors.ts'
import { approved, enacted } from './events.ts'
import { institutionsKey, PROPOSAL_TABLE, proposalKey } from './state.ts'

/**
 * A person of another key approves for an institution, and repeats what is proposed, so that the approver's own bytes say
 * what was agreed to. The approval that makes enough enacts the proposal: it holds from the height it names, or from the
 * next block when that has passed. Where the state no longer allows it, the approval is refused and may be given again.
 */
export const approve = method({
  contract: 'governance',
  method: 'approve',
  sentence: {
    zh: '同意提议 {proposal}：{action}；不早于高度 {fromHeight} 生效',
    en: 'Approve proposal {proposal}: {action}; not before height {fromHeight}',
  },
  clauses: { action: ACTION_CLAUSES },
  args: Fields({ proposal: Id, action: Action, fromHeight: OrNull(Height) }),
  by: { functions: ['checker'] },
  reads: ({ proposal }) => [proposalKey(proposal), institutionsKey, calendarKey],
  decide(read, { args, caller }, { height }) {
    const { participant: institution, operator, keyId } = caller
    requireInstitution(read, caller, height)
    const proposal = openProposal(read, args.proposal, 'approve')
    const { action, fromHeight } = proposal
    if (text(args.action) !== text(action) || args.fromHeight !== fromHeight) {
      refuse('NOT_WHAT_WAS_PROPOSED', { proposal: args.proposal })
    }
    if (institution === proposal.institution && operator === proposal.operator) refuse('SAME_OPERATOR', { operator })
    const standing = countedApprovals(read, proposal.approvals, height)
    if (standing.includes(institution)) refuse('ALREADY_APPROVED', { proposal: args.proposal, institution })
    const others = proposal.approvals.filter((approval) => approval.institution !== institution)
    const approvals = [...others, { institution, operator, keyId, height }]
    const stage = new Stage(read)
    stage.emit(approved, { proposal: args.proposal, institution, operator, keyId, approvals }, [PUBLIC])
    const counted = countedApprovals(read, approvals, height)
    if (counted.length < institutionsAt(read, height).needed) return stage.events
    const from = Math.max(fromHeight ?? 0, height + 1)
    const state = PROPOSAL_TABLE.next(proposal.state, 'enact', `proposal ${args.proposal}`)
    stage.emit(enacted, { proposal: args.proposal, state, counted, fromHeight: from }, [PUBLIC])
    perform(stage, action, { fromHeight: from, height })
    return stage.events
  },
})

const text = (action: Action): string => canonicalJson(action as unknown as Json)
