import { effectiveBatch } from '../asset-registry/effective.ts'
import { businessDate } from '../calendar/business-date.ts'
import { instructionOf } from '../cash/transfers.ts'
import { accountIds } from '../deal/account-ids.ts'
import { requireEmpty } from '../deal/accounts.ts'
import { established, versionPinned } from '../deal/events.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from '../deal/parties.ts'
import { DEAL_TABLE, priceInstruction } from '../deal/state.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { servicingOpened } from '../servicing/events.ts'
import { refuseSecurities } from './errors.ts'
import { holdingsRegistered } from './events.ts'
import { holdersKey, TRANCHE_TABLE } from './state.ts'
import { trancheOf } from './subscriptions.ts'

/**
 * The depository registers the holdings of every tranche, once the custodian has booked the price to the originator.
 * The plan is served from here on; its accounts stand at nothing. Parties and holders see that it happened, not who holds.
 */
export const register = method({
  contract: 'securities',
  method: 'register',
  sentence: { zh: '登记计划 {deal} 各档证券持有人', en: 'Register the holders of every tranche of plan {deal}' },
  args: Fields({ deal: Id }),
  by: { roles: ['depository'], functions: ['checker', 'service:issuance'] },
  reads: ({ deal }) => dealKeys(deal),
  decide(read, { args, caller }, { bundle }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'depository')
    const state = DEAL_TABLE.next(deal.state, 'register', `deal ${args.deal}`)
    const price = instructionOf(read, priceInstruction(args.deal, deal.priceAttempt))
    if (price.state !== 'posted') refuseSecurities('PRICE_NOT_PAID', { instruction: price.id, state: price.state })
    const stage = new Stage(read)
    for (const tranche of deal.trancheIds) {
      const next = TRANCHE_TABLE.next(trancheOf(read, args.deal, tranche).state, 'register', `tranche ${tranche}`)
      const holders = read(holdersKey(args.deal, tranche))!.holders.length
      stage.emit(holdingsRegistered, { deal: args.deal, tranche, state: next, holders }, topicsOf(deal))
    }
    const { participant, operator } = caller
    requireEmpty(read, [accountIds.issuance(args.deal)])
    const establishedOn = businessDate(read)
    stage.emit(established, { deal: args.deal, state, establishedOn, participant, operator }, topicsOf(deal))
    stage.emit(versionPinned, { deal: args.deal, bundle }, topicsOf(deal))
    const poolVersion = effectiveBatch(read, args.deal)!.version
    stage.emit(servicingOpened, { deal: args.deal, poolVersion }, topicsOf(deal))
    return stage.events
  },
})
