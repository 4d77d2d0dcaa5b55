import { PeriodId, Reason } from '../deal/fields.ts'
import { requireParty, topicsOf } from '../deal/parties.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { instructionsRefused } from './events.ts'
import { periodKeys, periodOf, servedDeal } from './period.ts'
import { PERIOD_TABLE } from './state.ts'

/** A payer of the plan manager does not release a calculated distribution; the period stands as confirmed again. */
export const refuseInstructions = method({
  contract: 'servicing',
  method: 'refuseInstructions',
  sentence: {
    zh: '不批准计划 {deal} {period} 期划款指令：{reason}',
    en: 'Do not release the payment instructions of {period} of plan {deal}: {reason}',
  },
  args: Fields({ deal: Id, period: PeriodId, reason: Reason }),
  by: { roles: ['plan-manager'], functions: ['payer', 'checker'] },
  reads: ({ deal, period }) => periodKeys(deal, period),
  decide(read, { args: { deal: id, period, reason }, caller: { participant, operator, ...caller } }) {
    const deal = servedDeal(read, id, 'refuse')
    requireParty(deal, { participant, operator, ...caller }, 'plan-manager')
    const state = PERIOD_TABLE.next(periodOf(read, id, period).state, 'refuse', `period ${period} of ${id}`)
    return [instructionsRefused.of({ deal: id, period, state, reason, participant, operator }, topicsOf(deal))]
  },
})
