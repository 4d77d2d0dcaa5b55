import { parseFen } from '#domain/money'
import { hashJson } from '#proof/hash'
import { businessDate } from '../calendar/business-date.ts'
import { RESERVED_CASH } from '../cash/commitment.ts'
import { Reference, type CreditLine } from '../cash/events.ts'
import { instruct, instructionOf } from '../cash/transfers.ts'
import { referenceKey } from '../cash/state.ts'
import { participantTopic, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import type { Read } from '../kernel/state.ts'
import { paymentLineKey } from '../securities/state.ts'
import { accountIds } from './account-ids.ts'
import { keptAccounts } from './accounts.ts'
import { refuseDeal } from './errors.ts'
import { creditReturned } from './events.ts'
import { currentDeal, dealKeys, partyOf, requireParty } from './parties.ts'
import { termsKey, type Deal } from './state.ts'

/**
 * A payer of the plan manager has one of the custodian's credit lines sent back: money that no subscription accounts for
 * (paid twice, or to a wrong account), and, when the exchange's approval has lapsed before the plan was established,
 * what subscribers paid. A line goes back once; again after the custodian voided the instruction. Seen by plan manager
 * and custodian.
 */
export const returnCredit = method({
  contract: 'deal',
  method: 'returnCredit',
  sentence: {
    zh: '退回计划 {deal} 托管账户流水 {reference} 的款项',
    en: 'Return the credit of statement line {reference} to its sender, plan {deal}',
  },
  args: Fields({ deal: Id, reference: Reference }),
  by: { roles: ['plan-manager'], functions: ['payer', 'checker'] },
  commits: RESERVED_CASH,
  reads: ({ deal }) => [...dealKeys(deal), termsKey(deal)],
  decide(read, { args: { deal: id, reference }, caller }) {
    const deal = currentDeal(read, id)
    requireParty(deal, caller, 'plan-manager')
    const bank = partyOf(deal, 'custodian')
    const { account, amountFen } = creditedLine(read, deal, bank, reference)
    const attempt = nextAttempt(read, deal, bank, reference)
    const instruction = returnInstruction(id, bank, reference, attempt)
    const stage = new Stage(read)
    const leg = { from: account, to: accountIds.subscribers(id), amountFen: parseFen(amountFen) }
    instruct(stage, {
      id: instruction,
      deal: id,
      bank,
      audience: 'parties',
      linked: [{ transferId: 'return', step: `return of ${reference}`, ...leg }],
    })
    stage.emit(
      creditReturned,
      { deal: id, bank, reference, account, amountFen, attempt, instruction, operator: caller.operator },
      [bank, partyOf(deal, 'plan-manager')].map(participantTopic),
    )
    return stage.events
  },
})

const returnInstruction = (deal: string, bank: string, reference: string, attempt: number): string =>
  `${deal}:return.${hashJson([bank, reference]).slice(0, 24)}:${attempt}`

/** Refuses CREDIT_NOT_FOUND unless the line is a credit to an account of this plan that the custodian keeps. */
function creditedLine(read: Read, deal: Deal, bank: string, reference: string): CreditLine {
  const found = read(referenceKey(bank, reference))
  const line = found ? (JSON.parse(found.line) as Partial<CreditLine>) : {}
  const terms = read(termsKey(deal.deal))!
  const own = [accountIds.issuance(deal.deal), ...keptAccounts(terms).map(({ id }) => accountIds.plan(deal.deal, id))]
  if (line.account === undefined || !own.includes(line.account)) {
    return refuseDeal('CREDIT_NOT_FOUND', { bank, reference })
  }
  return line as CreditLine
}

/** Refuses CREDIT_USED when the line pays a subscription of a plan that may still be established, or went back already. */
function nextAttempt(read: Read, deal: Deal, bank: string, reference: string): number {
  const used = read(paymentLineKey(bank, reference))
  if (!used) return 1
  if (used.returned === 0) {
    const lapsed = deal.state === 'approved' && deal.validUntil !== null && businessDate(read) > deal.validUntil
    return lapsed ? 1 : refuseDeal('CREDIT_USED', { reference, by: used.subscription })
  }
  const { state } = instructionOf(read, returnInstruction(deal.deal, bank, reference, used.returned))
  return state === 'voided' ? used.returned + 1 : refuseDeal('CREDIT_USED', { reference, by: `return ${state}` })
}
