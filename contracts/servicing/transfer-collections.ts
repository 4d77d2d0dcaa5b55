import { fenString, parseFen } from '#domain/money'
import { accountOf, availableFen } from '../cash/accounts.ts'
import { RESERVED_CASH } from '../cash/commitment.ts'
import { instruct, instructionOf } from '../cash/transfers.ts'
import { accountIds } from '../deal/account-ids.ts'
import { arrivalAccount } from '../deal/accounts.ts'
import { PeriodId } from '../deal/fields.ts'
import { partyOf, requireParty, topicsOf } from '../deal/parties.ts'
import { termsKey } from '../deal/state.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuseServicing } from './errors.ts'
import { collectionsTransferred } from './events.ts'
import { periodKeys, periodOf, servedDeal } from './period.ts'
import { PERIOD_TABLE } from './state.ts'

/**
 * The transfer day (转付日): the servicer instructs the supervisory bank to move what it reported from the collection
 * account to the plan. The bank's own statement lines must have credited exactly what was reported plus what the report
 * says was collected later; else the command is refused with the figures. Again after the bank voided it.
 */
export const transferCollections = method({
  contract: 'servicing',
  method: 'transferCollections',
  sentence: {
    zh: '将计划 {deal} {period} 期回收款转付至专项计划账户',
    en: 'Transfer the collections of {period} to the account of plan {deal}',
  },
  args: Fields({ deal: Id, period: PeriodId }),
  by: { roles: ['servicer'], functions: ['maker', 'checker', 'payer', 'service:servicing'] },
  commits: RESERVED_CASH,
  reads: ({ deal, period }) => [...periodKeys(deal, period), termsKey(deal)],
  decide(read, { args: { deal: id, period }, caller }) {
    const deal = servedDeal(read, id, 'transfer')
    requireParty(deal, caller, 'servicer')
    const before = periodOf(read, id, period)
    const state = PERIOD_TABLE.next(before.state, 'transfer', `period ${period} of ${id}`)
    if (before.transfer !== null) {
      const last = instructionOf(read, before.transfer.instruction)
      if (last.state !== 'voided') refuseServicing('TRANSFER_PENDING', { instruction: last.id, state: last.state })
    }
    const amount = parseFen(before.totalFen) - parseFen(before.transferredFen)
    const held = availableFen(accountOf(read, accountIds.collection(id)))
    if (held !== amount + parseFen(before.laterFen)) {
      refuseServicing('COLLECTION_DIFFERS_FROM_BANK', {
        reportedFen: fenString(amount),
        laterFen: before.laterFen,
        bankFen: fenString(held),
      })
    }
    const stage = new Stage(read)
    const transferAttempt = before.transferAttempt + 1
    const instruction = `${id}:${period}:in:${transferAttempt}`
    if (amount > 0n) {
      const [from, to] = [accountIds.collection(id), accountIds.plan(id, arrivalAccount(read(termsKey(id))!))]
      const leg = { transferId: 'collections', step: `collections ${period}`, from, to, amountFen: amount }
      instruct(stage, { id: instruction, deal: id, bank: partyOf(deal, 'supervisory-bank'), linked: [leg] })
    }
    const transfer = amount > 0n ? { instruction, amountFen: fenString(amount) } : null
    const data = { deal: id, period, state, transferAttempt, transfer, participant: caller.participant }
    stage.emit(collectionsTransferred, data, topicsOf(deal))
    return stage.events
  },
})
