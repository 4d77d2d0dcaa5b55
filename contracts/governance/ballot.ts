import { businessDate } from '../calendar/business-date.ts'
import type { Caller } from '../kernel/method.ts'
import type { Read } from '../kernel/state.ts'
import { callerOf } from '../membership/caller.ts'
import type { Action } from './actions.ts'
import { refuse } from './errors.ts'
import { valueAt } from './schedule.ts'
import { founded, institutionsKey, PROPOSAL_TABLE, proposalKey, type Approval, type Institutions, type Proposal } from './state.ts' // prettier-ignore

export const institutionsAt = (read: Read, height: number): Institutions =>
  valueAt(founded(read, institutionsKey), height)!

/** Refuses NOT_AN_INSTITUTION. */
export function requireInstitution(read: Read, { participant }: Caller, height: number): void {
  if (!institutionsAt(read, height).institutions.includes(participant)) refuse('NOT_AN_INSTITUTION', { participant })
}

/**
 * Whether a participant may propose this without being an institution: that its own validator votes with another key. The
 * institutions decide, and by the participant's own signature they know whose the new key is.
 */
export const mayAsk = ({ participant }: Caller, action: Action): boolean =>
  action.kind === 'rotateValidatorKey' && action.participant === participant

/** The proposal, when it can still be acted on. Refuses PROPOSAL_NOT_FOUND, WRONG_STATE, PROPOSAL_EXPIRED. */
export function openProposal(read: Read, id: string, on: 'approve' | 'withdraw-approval' | 'withdraw'): Proposal {
  const proposal = read(proposalKey(id)) ?? refuse('PROPOSAL_NOT_FOUND', { proposal: id })
  PROPOSAL_TABLE.next(proposal.state, on, `proposal ${id}`)
  const today = businessDate(read)
  if (today > proposal.expiresOn) refuse('PROPOSAL_EXPIRED', { proposal: id, expiresOn: proposal.expiresOn, today })
  return proposal
}

/**
 * The institutions whose approval counts in a block of this height: those that decide now, one vote each, with a key that
 * was valid in the block in which it signed. A key that is revoked from a later height leaves what it signed before
 * standing; its institution withdraws the approval with another key.
 */
export function countedApprovals(read: Read, approvals: readonly Approval[], height: number): string[] {
  const { institutions } = institutionsAt(read, height)
  const counted = approvals.filter(({ institution, keyId, height: signedAt }) => {
    if (!institutions.includes(institution)) return false
    return callerOf(read, institution, keyId, signedAt)?.caller.functions.includes('checker') ?? false
  })
  return [...new Set(counted.map(({ institution }) => institution))].sort()
}
