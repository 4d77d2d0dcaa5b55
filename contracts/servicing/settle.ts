import { fenString, parseFen } from '#domain/money'
import { RESERVED_CASH } from '../cash/commitment.ts'
import { instructionOf } from '../cash/transfers.ts'
import { statusChanged } from '../deal/events.ts'
import { PeriodId } from '../deal/fields.ts'
import { requireParty, topicsOf } from '../deal/parties.ts'
import type { Deal } from '../deal/state.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { tranchePaid } from '../securities/events.ts'
import { payHolders } from '../securities/pay-holders.ts'
import { TRANCHE_TABLE } from '../securities/state.ts'
import { trancheOf } from '../securities/subscriptions.ts'
import { refuseServicing } from './errors.ts'
import { periodSettled } from './events.ts'
import { PAYMENT_FIELDS } from './legs.ts'
import { periodKeys, periodOf, servedDeal } from './period.ts'
import { distributionKey, PERIOD_TABLE, type TrancheFigures } from './state.ts'

/**
 * After the custodian has booked the instructions the period is settled: only now do the balances of tranches, the
 * engine's memory and the plan's status move, and the depository is instructed to pay each holder. Totals are seen by
 * the plan's parties and holders; a holder's amounts by itself, plan manager, custodian and depository.
 */
export const settle = method({
  contract: 'servicing',
  method: 'settle',
  sentence: {
    zh: '结清计划 {deal} {period} 期并向持有人兑付',
    en: 'Settle {period} of plan {deal} and have its holders paid',
  },
  args: Fields({ deal: Id, period: PeriodId }),
  by: { roles: ['plan-manager'], functions: ['maker', 'checker', 'service:servicing'] },
  commits: RESERVED_CASH,
  reads: ({ deal, period }) => [...periodKeys(deal, period), distributionKey(deal, period)],
  decide(read, { args: { deal: id, period }, caller }) {
    const deal = servedDeal(read, id, 'settle')
    requireParty(deal, caller, 'plan-manager')
    const before = periodOf(read, id, period)
    const state = PERIOD_TABLE.next(before.state, 'settle', `period ${period} of ${id}`)
    if (before.instruction !== null) {
      const { id: instruction, state: standing } = instructionOf(read, before.instruction)
      if (standing !== 'posted') refuseServicing('INSTRUCTION_NOT_POSTED', { instruction, state: standing })
    }
    const { tranches, cash, poolVersion, next, statusAfter } = read(distributionKey(id, period))!
    const stage = new Stage(read)
    const { index, payDate } = before
    const { participant } = caller
    stage.emit(
      periodSettled,
      {
        deal: id,
        period,
        state,
        index,
        payDate,
        tranches: [...tranches],
        cash,
        poolVersion,
        engine: next!,
        participant,
      },
      topicsOf(deal),
    )
    for (const figures of tranches) payTranche(stage, deal, period, figures)
    if (statusAfter !== deal.status) {
      stage.emit(statusChanged, { deal: id, from: deal.status, to: statusAfter }, topicsOf(deal))
    }
    payHolders(
      stage,
      deal,
      period,
      tranches.flatMap((figures) =>
        PAYMENT_FIELDS.map(([kind, field]) => ({
          tranche: figures.tranche,
          kind,
          amountFen: parseFen(figures[field]),
        })),
      ),
    )
    return stage.events
  },
})

function payTranche(stage: Stage, deal: Deal, period: string, figures: TrancheFigures): void {
  const { tranche, interestFen, principalFen, residualFen, closingFen } = figures
  const before = trancheOf(stage.read, deal.deal, tranche)
  const state = TRANCHE_TABLE.next(before.state, closingFen === '0' ? 'redeem' : 'pay', `tranche ${tranche}`)
  const writtenDownFen = fenString(parseFen(before.writtenDownFen) + parseFen(figures.writtenDownFen))
  stage.emit(
    tranchePaid,
    {
      deal: deal.deal,
      tranche,
      period,
      state,
      interestFen,
      principalFen,
      residualFen,
      balanceFen: closingFen,
      writtenDownFen,
    },
    topicsOf(deal),
  )
}
