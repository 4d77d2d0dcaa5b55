import { PeriodId } from '../deal/fields.ts'
import { requireParty, topicsOf } from '../deal/parties.ts'
import { termsKey } from '../deal/state.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { distribute } from './distribute.ts'
import { distributionCalculated } from './events.ts'
import { periodKeys, periodOf, servedDeal } from './period.ts'
import { engineKey, PERIOD_TABLE } from './state.ts'

/**
 * The plan manager has the distribution of a period computed, by the contract itself: from the effective asset batch,
 * the cash on the ledger and the terms. Nothing is paid and no balance moves yet. Seen by the plan's parties and
 * holders, line by line.
 */
export const calculate = method({
  contract: 'servicing',
  method: 'calculate',
  sentence: { zh: '计算计划 {deal} {period} 期分配', en: 'Calculate the distribution of {period} of plan {deal}' },
  args: Fields({ deal: Id, period: PeriodId }),
  by: { roles: ['plan-manager'], functions: ['maker', 'service:servicing'] },
  reads: ({ deal, period }) => [...periodKeys(deal, period), termsKey(deal), engineKey(deal)],
  decide(read, { args: { deal: id, period }, caller }) {
    const deal = servedDeal(read, id, 'calculate')
    requireParty(deal, caller, 'plan-manager')
    const before = periodOf(read, id, period)
    const state = PERIOD_TABLE.next(before.state, 'calculate', `period ${period} of ${id}`)
    const { participant, operator } = caller
    const attempt = before.attempt + 1
    const result = distribute(read, deal, before)
    return [
      distributionCalculated.of({ deal: id, period, state, attempt, participant, operator, ...result }, topicsOf(deal)),
    ]
  },
})
