import { parseFen } from '#domain/money'
import { RESERVED_CASH } from '../cash/commitment.ts'
import { instruct } from '../cash/transfers.ts'
import { PeriodId } from '../deal/fields.ts'
import { partyOf, requireParty, topicsOf } from '../deal/parties.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, HashString, Id } from '../kernel/schema.ts'
import { refuseServicing } from './errors.ts'
import { instructionsApproved } from './events.ts'
import { periodKeys, periodOf, servedDeal } from './period.ts'
import { distributionKey, PERIOD_TABLE } from './state.ts'

/**
 * A payer of the plan manager, another operator than the one who calculated, releases the payment instructions (划款指令)
 * of exactly the result whose hash it signs: one linked instruction to the custodian, all of it or nothing.
 */
export const approveInstructions = method({
  contract: 'servicing',
  method: 'approveInstructions',
  sentence: {
    zh: '批准计划 {deal} {period} 期划款指令，结果摘要 {resultHash}',
    en: 'Release the payment instructions of {period} of plan {deal}, result {resultHash}',
  },
  args: Fields({ deal: Id, period: PeriodId, resultHash: HashString }),
  by: { roles: ['plan-manager'], functions: ['payer', 'checker'] },
  commits: RESERVED_CASH,
  reads: ({ deal, period }) => [...periodKeys(deal, period), distributionKey(deal, period)],
  decide(read, { args: { deal: id, period, resultHash }, caller }) {
    const deal = servedDeal(read, id, 'approve')
    requireParty(deal, caller, 'plan-manager')
    const before = periodOf(read, id, period)
    const state = PERIOD_TABLE.next(before.state, 'approve', `period ${period} of ${id}`)
    const { participant, operator } = caller
    if (operator === before.calculatedBy) refuseServicing('SAME_OPERATOR', { operator })
    const distribution = read(distributionKey(id, period))!
    if (resultHash !== distribution.resultHash) {
      refuseServicing('RESULT_DIFFERS', { calculated: distribution.resultHash, approved: resultHash })
    }
    const stage = new Stage(read)
    const { legs } = distribution
    const instruction = legs.length > 0 ? `${id}:${period}:out:${before.attempt}` : null
    if (instruction !== null) {
      instruct(stage, {
        id: instruction,
        deal: id,
        bank: partyOf(deal, 'custodian'),
        linked: legs.map((leg) => ({ ...leg, amountFen: parseFen(leg.amountFen) })),
      })
    }
    const data = { deal: id, period, state, resultHash, instruction, participant, operator }
    stage.emit(instructionsApproved, data, topicsOf(deal))
    return stage.events
  },
})
