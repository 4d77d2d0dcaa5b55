import { Type } from 'typebox'
import { addMonths } from '#domain/date'
import { businessDate } from '../calendar/business-date.ts'
import { PUBLIC, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { openOffer } from '../securities/offer.ts'
import { openPlanAccounts } from './accounts.ts'
import { refuseDeal } from './errors.ts'
import { decided, Decision } from './events.ts'
import { Reason } from './fields.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from './parties.ts'
import { DEAL_TABLE, termsKey } from './state.ts'

/** Market practice for a no-objection letter (DOMAIN.md §1); the exchange may say otherwise. */
export const DEFAULT_VALID_MONTHS = 12

/**
 * The exchange approves (无异议函, valid for some months) or rejects with a reason. Approval opens the plan's accounts
 * and the subscription. The decision is public; it says nothing of the terms.
 */
export const decide = method({
  contract: 'deal',
  method: 'decide',
  sentence: { zh: '对计划 {deal} 作出决定：{decision}', en: 'Decide on plan {deal}: {decision}' },
  args: Fields({
    deal: Id,
    decision: Decision,
    validMonths: Type.Optional(Type.Integer({ minimum: 1, maximum: 60 })),
    reason: Type.Optional(Reason),
  }),
  by: { roles: ['exchange'], functions: ['checker'] },
  reads: ({ deal }) => [...dealKeys(deal), termsKey(deal)],
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'exchange')
    const state = DEAL_TABLE.next(deal.state, args.decision, `deal ${args.deal}`)
    if (args.decision === 'reject' && args.reason === undefined) refuseDeal('REASON_MISSING', { field: '/reason' })
    const validUntil =
      args.decision === 'approve' ? addMonths(businessDate(read), args.validMonths ?? DEFAULT_VALID_MONTHS) : null
    const { participant, operator } = caller
    const stage = new Stage(read)
    stage.emit(
      decided,
      {
        deal: args.deal,
        state,
        decision: args.decision,
        reason: args.reason ?? null,
        validUntil,
        participant,
        operator,
      },
      [...topicsOf(deal), PUBLIC],
    )
    if (args.decision === 'approve') {
      const terms = read(termsKey(args.deal))!
      openPlanAccounts(stage, deal, terms)
      openOffer(stage, deal, terms)
    }
    return stage.events
  },
})
