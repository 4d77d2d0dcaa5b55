import { instructionOf } from '../cash/transfers.ts'
import { AmountText, PeriodId } from '../deal/fields.ts'
import { requireParty, topicsOf } from '../deal/parties.ts'
import { method } from '../kernel/method.ts'
import { Fields, HashString, Id } from '../kernel/schema.ts'
import { refuseServicing } from './errors.ts'
import { collectionsConfirmed } from './events.ts'
import { periodKeys, periodOf, servedDeal } from './period.ts'
import { PERIOD_TABLE } from './state.ts'

/**
 * The custodian confirms what arrived for a period by its own account statement. Another figure than the servicer's is
 * refused with both; the servicer then restates, or the custodian looks again.
 */
export const confirmCollections = method({
  contract: 'servicing',
  method: 'confirmCollections',
  sentence: {
    zh: '确认计划 {deal} {period} 期到账 {statementFen} 分',
    en: 'Confirm that {statementFen} fen arrived for {period} of plan {deal}',
  },
  args: Fields({ deal: Id, period: PeriodId, statementFen: AmountText, statementHash: HashString }),
  by: { roles: ['custodian'], functions: ['checker', 'service:servicing', 'service:bank'] },
  reads: ({ deal, period }) => periodKeys(deal, period),
  decide(read, { args, caller }) {
    const { deal: id, period, statementFen, statementHash } = args
    const deal = servedDeal(read, id, 'confirm')
    requireParty(deal, caller, 'custodian')
    const before = periodOf(read, id, period)
    const state = PERIOD_TABLE.next(before.state, 'confirm', `period ${period} of ${id}`)
    if (before.transfer !== null) {
      const { id: instruction, state: standing } = instructionOf(read, before.transfer.instruction)
      if (standing !== 'posted') refuseServicing('TRANSFER_NOT_POSTED', { instruction, state: standing })
    }
    if (statementFen !== before.totalFen) {
      refuseServicing('STATEMENT_DIFFERS', { reportedFen: before.totalFen, statementFen })
    }
    const data = { deal: id, period, state, statementFen, statementHash, participant: caller.participant }
    return [collectionsConfirmed.of(data, topicsOf(deal))]
  },
})
