import { allocateLargestRemainder, compareKeys } from '#domain/allocation'
import { fenString, parseFen, sumFen, type Fen } from '#domain/money'
import { instruct } from '../cash/transfers.ts'
import { accountIds } from '../deal/account-ids.ts'
import { partyOf } from '../deal/parties.ts'
import type { Deal } from '../deal/state.ts'
import type { Stage } from '../kernel/event.ts'
import type { Read } from '../kernel/state.ts'
import { holderPaymentInstructed } from './events.ts'
import { holdersKey, type HolderPayment, type PaymentLine } from './state.ts'
import { holderTopics } from './subscriptions.ts'

/** What a tranche was paid, by kind. */
export interface TranchePayment {
  readonly tranche: string
  readonly kind: PaymentLine['kind']
  readonly amountFen: Fen
}

/**
 * Shares one payment among the holders of its tranche by face: largest remainder, ties to the smaller holder id. Sums to
 * the amount exactly; a holder whose share is nothing is left out.
 */
export function shareAmongHolders(read: Read, deal: string, { tranche, amountFen }: TranchePayment): Map<string, Fen> {
  const holders = read(holdersKey(deal, tranche))?.holders ?? []
  // A retained tranche may have no face at all and still take the residual.
  if (holders.length === 1) return new Map(amountFen > 0n ? [[holders[0]!.holder, amountFen]] : [])
  return allocateLargestRemainder(
    amountFen,
    holders.map(({ holder, faceFen }) => ({ key: holder, weight: parseFen(faceFen) })),
  )
}

/** Instructs one payment per holder for a period, out of the tranche accounts, all that they hold of these payments. */
export function payHolders(stage: Stage, deal: Deal, period: string, payments: readonly TranchePayment[]): void {
  const lines = new Map<string, PaymentLine[]>()
  for (const payment of payments) {
    for (const [holder, share] of shareAmongHolders(stage.read, deal.deal, payment)) {
      const line = { tranche: payment.tranche, kind: payment.kind, amountFen: fenString(share) }
      lines.set(holder, [...(lines.get(holder) ?? []), line])
    }
  }
  for (const holder of [...lines.keys()].sort(compareKeys)) {
    instructHolder(stage, deal, { deal: deal.deal, period, holder, lines: lines.get(holder)! }, 1)
  }
}

/** The instruction names only this holder's amounts, and only this holder and the depository are told of it. */
export function instructHolder(
  stage: Stage,
  deal: Deal,
  { period, holder, lines }: Pick<HolderPayment, 'deal' | 'period' | 'holder' | 'lines'>,
  attempt: number,
): void {
  const instruction = `${deal.deal}:${period}:pay.${holder}:${attempt}`
  instruct(stage, {
    id: instruction,
    deal: deal.deal,
    bank: partyOf(deal, 'depository'),
    audience: 'parties',
    linked: lines.map(({ tranche, kind, amountFen }) => ({
      transferId: `${tranche}.${kind}`,
      step: `${tranche} ${kind} ${period}`,
      from: accountIds.tranche(deal.deal, tranche),
      to: accountIds.holder(deal.deal, holder),
      amountFen: parseFen(amountFen),
    })),
  })
  const totalFen = fenString(sumFen(lines.map(({ amountFen }) => parseFen(amountFen))))
  stage.emit(
    holderPaymentInstructed,
    { deal: deal.deal, period, holder, lines: [...lines], totalFen, attempt, instruction },
    holderTopics(deal, holder),
  )
}
