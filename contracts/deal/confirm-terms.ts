import { method } from '../kernel/method.ts'
import { Fields, HashString, Id } from '../kernel/schema.ts'
import { refuseDeal } from './errors.ts'
import { termsConfirmed } from './events.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from './parties.ts'
import { DEAL_TABLE } from './state.ts'

/**
 * The plan manager (an operator other than the proposer) and the rating agency confirm the same terms by their hash, in
 * either order. Visible to the plan's parties.
 */
export const confirmTerms = method({
  contract: 'deal',
  method: 'confirmTerms',
  sentence: {
    zh: '确认计划 {deal} 的条款，摘要 {termsHash}',
    en: 'Confirm the terms of plan {deal}, hash {termsHash}',
  },
  args: Fields({ deal: Id, termsHash: HashString }),
  by: { roles: ['plan-manager', 'rating-agency'], functions: ['checker'] },
  reads: ({ deal }) => dealKeys(deal),
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    const role = confirmingRole(deal.parties, caller.participant)
    requireParty(deal, caller, role)
    const state = DEAL_TABLE.next(deal.state, `confirm-terms:${role}`, `deal ${args.deal}`)
    if (role === 'plan-manager' && caller.operator === deal.proposedBy) {
      refuseDeal('SAME_OPERATOR', { operator: caller.operator })
    }
    if (args.termsHash !== deal.termsHash) {
      refuseDeal('TERMS_DIFFER', { proposed: deal.termsHash, confirmed: args.termsHash })
    }
    const { participant, operator } = caller
    return [
      termsConfirmed.of({ deal: args.deal, state, termsHash: deal.termsHash, participant, operator }, topicsOf(deal)),
    ]
  },
})

/** For which side a participant confirms: the agency's when it is this plan's agency, else the manager's. */
export const confirmingRole = (
  parties: Readonly<Record<string, readonly string[]>>,
  participant: string,
): 'plan-manager' | 'rating-agency' =>
  parties['rating-agency']?.includes(participant) ? 'rating-agency' : 'plan-manager'
