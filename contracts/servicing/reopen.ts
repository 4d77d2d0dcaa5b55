import { instructionOf } from '../cash/transfers.ts'
import { PeriodId } from '../deal/fields.ts'
import { requireParty, topicsOf } from '../deal/parties.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuseServicing } from './errors.ts'
import { periodReopened } from './events.ts'
import { periodKeys, periodOf, servedDeal } from './period.ts'
import { PERIOD_TABLE } from './state.ts'

/**
 * After the custodian has voided the payment instructions the plan manager takes the period back to confirmed: no
 * balance has moved, so the same distribution can be calculated and released again.
 */
export const reopen = method({
  contract: 'servicing',
  method: 'reopen',
  sentence: {
    zh: '划款指令作废后重开计划 {deal} {period} 期',
    en: 'Take back {period} of plan {deal} after its instructions were voided',
  },
  args: Fields({ deal: Id, period: PeriodId }),
  by: { roles: ['plan-manager'], functions: ['maker', 'checker', 'service:servicing'] },
  reads: ({ deal, period }) => periodKeys(deal, period),
  decide(read, { args: { deal: id, period }, caller }) {
    const deal = servedDeal(read, id, 'reopen')
    requireParty(deal, caller, 'plan-manager')
    const before = periodOf(read, id, period)
    const state = PERIOD_TABLE.next(before.state, 'reopen', `period ${period} of ${id}`)
    const { instruction } = before
    const standing = instruction === null ? 'none' : instructionOf(read, instruction).state
    if (instruction === null || standing !== 'voided') {
      return refuseServicing('INSTRUCTION_NOT_VOIDED', { instruction, state: standing })
    }
    const { participant, operator } = caller
    return [periodReopened.of({ deal: id, period, state, instruction, participant, operator }, topicsOf(deal))]
  },
})
