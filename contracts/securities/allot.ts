import { compareKeys } from '#domain/allocation'
import { fenString, parseFen, type Fen } from '#domain/money'
import { openAccount } from '../cash/accounts.ts'
import { accountKey } from '../cash/state.ts'
import { accountIds } from '../deal/account-ids.ts'
import { refuseDeal } from '../deal/errors.ts'
import { partyOf } from '../deal/parties.ts'
import type { Deal } from '../deal/state.ts'
import type { Stage } from '../kernel/event.ts'
import { allotted, holdingAllotted } from './events.ts'
import { SUBSCRIPTION_TABLE, TRANCHE_TABLE, type Holder, type Subscription } from './state.ts'
import { holderTopics, registerTopics, subscribedFen, subscriptionsTo, trancheOf } from './subscriptions.ts'

/**
 * Allots every tranche: units to those who paid, a tranche without units whole to the originator, and opens each
 * holder's settlement account. Refuses TRANCHE_NOT_PAID unless a tranche is subscribed and paid to the fen.
 * @returns what subscribers paid in all, in fen
 */
export function allot(stage: Stage, deal: Deal): Fen {
  let proceeds = 0n
  for (const tranche of deal.trancheIds) {
    const record = trancheOf(stage.read, deal.deal, tranche)
    const state = TRANCHE_TABLE.next(record.state, 'allot', `tranche ${tranche} of ${deal.deal}`)
    const paid = record.unitFen === null ? [] : paidSubscriptions(stage, deal, tranche, parseFen(record.originalFen))
    proceeds += subscribedFen(paid)
    const holders: Holder[] =
      record.unitFen === null
        ? [{ holder: partyOf(deal, 'originator'), faceFen: record.originalFen }]
        : paid.map(({ investor, amountFen }) => ({ holder: investor, faceFen: amountFen }))
    holders.sort((a, b) => compareKeys(a.holder, b.holder))
    stage.emit(allotted, { deal: deal.deal, tranche, state, holders }, registerTopics(deal))
    for (const { holder, faceFen } of holders) {
      const before = paid.find(({ investor }) => investor === holder)
      const subscription = before
        ? SUBSCRIPTION_TABLE.next(before.state, 'allot', `subscription of ${holder} to ${tranche}`)
        : null
      const data = { deal: deal.deal, tranche, holder, faceFen, subscription }
      stage.emit(holdingAllotted, data, holderTopics(deal, holder))
      openHolderAccount(stage, deal, holder)
    }
  }
  return proceeds
}

function paidSubscriptions(stage: Stage, deal: Deal, tranche: string, original: Fen): readonly Subscription[] {
  const paid = subscriptionsTo(stage.read, deal, tranche).filter(({ state }) => state === 'paid')
  const missing = original - subscribedFen(paid)
  if (missing !== 0n) refuseDeal('TRANCHE_NOT_PAID', { tranche, missingFen: fenString(missing) })
  return paid
}

function openHolderAccount(stage: Stage, deal: Deal, holder: string): void {
  const id = accountIds.holder(deal.deal, holder)
  if (stage.read(accountKey(id))) return
  // Not named as the deal's: whose account it is would then be told to all who follow the deal.
  openAccount(stage, { id, kind: 'holder', owner: holder, bank: partyOf(deal, 'depository') })
}
