import { parseFen, sumFen, type Fen } from '#domain/money'
import { partyOf } from '../deal/parties.ts'
import type { Deal } from '../deal/state.ts'
import { participantTopic, type Topic } from '../kernel/event.ts'
import type { Read } from '../kernel/state.ts'
import { refuseSecurities } from './errors.ts'
import { subscriptionKey, trancheKey, type Subscription, type TrancheRecord } from './state.ts'

/** Refuses TRANCHE_NOT_FOUND. */
export const trancheOf = (read: Read, deal: string, tranche: string): TrancheRecord =>
  read(trancheKey(deal, tranche)) ?? refuseSecurities('TRANCHE_NOT_FOUND', { deal, tranche })

/** Refuses SUBSCRIPTION_NOT_FOUND. */
export const subscriptionOf = (read: Read, deal: string, tranche: string, investor: string): Subscription =>
  read(subscriptionKey(deal, tranche, investor)) ??
  refuseSecurities('SUBSCRIPTION_NOT_FOUND', { deal, tranche, investor })

/** Every live subscription to a tranche; invited investors are the index, at most MAX_HOLDERS of them. */
export const subscriptionsTo = (read: Read, deal: Deal, tranche: string): readonly Subscription[] =>
  deal.investors.flatMap((investor) => {
    const found = read(subscriptionKey(deal.deal, tranche, investor))
    return found && found.state !== 'withdrawn' ? [found] : []
  })

export const subscribedFen = (subscriptions: readonly Subscription[]): Fen =>
  sumFen(subscriptions.map(({ amountFen }) => parseFen(amountFen)))

/** Who sees a sealed subscription. */
export const sealedTopics = (deal: Deal, investor: string): readonly Topic[] =>
  [investor, partyOf(deal, 'plan-manager'), partyOf(deal, 'custodian')].map(participantTopic)

/** Who sees a single holder's holding and payments. */
export const holderTopics = (deal: Deal, holder: string): readonly Topic[] => [
  ...sealedTopics(deal, holder),
  participantTopic(partyOf(deal, 'depository')),
]

/** Who keeps the whole register. */
export const registerTopics = (deal: Deal): readonly Topic[] =>
  (['plan-manager', 'custodian', 'depository'] as const).map((role) => participantTopic(partyOf(deal, role)))
