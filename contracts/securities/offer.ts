import type { DealTerms } from '#domain/deal/terms'
import { topicsOf } from '../deal/parties.ts'
import type { Deal } from '../deal/state.ts'
import { participantTopic, type Stage } from '../kernel/event.ts'
import { invited, offered } from './events.ts'

/** Opens the subscription: every tranche with what is sold of it, and a word to each invited investor alone. */
export function openOffer(stage: Stage, deal: Deal, terms: DealTerms): void {
  const tranches = terms.tranches.map(({ id, original, unitFen }) => ({
    tranche: id,
    originalFen: original,
    unitFen: unitFen ?? null,
  }))
  stage.emit(offered, { deal: deal.deal, tranches }, topicsOf(deal))
  for (const investor of deal.investors) {
    stage.emit(invited, { deal: deal.deal, investor, termsHash: deal.termsHash, tranches }, [
      participantTopic(investor),
    ])
  }
}
