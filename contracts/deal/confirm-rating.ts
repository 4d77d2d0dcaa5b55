import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import type { Static } from 'typebox'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import type { Read } from '../kernel/state.ts'
import { compareKeys } from '#domain/allocation'
import { confirmingRole } from './confirm-terms.ts'
import { refuseDeal } from './errors.ts'
import { ratingConfirmed, Ratings } from './events.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from './parties.ts'
import { DEAL_TABLE, termsKey, type Rating } from './state.ts'

/**
 * Rating agency and plan manager state the same rating per tranche, in either order; the second must equal the first.
 * Every tranche but a subordinated one is rated. Visible to the plan's parties.
 */
export const confirmRating = method({
  contract: 'deal',
  method: 'confirmRating',
  sentence: { zh: '确认计划 {deal} 各档评级', en: 'Confirm the ratings of the tranches of plan {deal}' },
  args: Fields({ deal: Id, ratings: Ratings }),
  by: { roles: ['plan-manager', 'rating-agency'], functions: ['checker'] },
  reads: ({ deal }) => [...dealKeys(deal), termsKey(deal)],
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    const role = confirmingRole(deal.parties, caller.participant)
    requireParty(deal, caller, role)
    const state = DEAL_TABLE.next(deal.state, `confirm-rating:${role}`, `deal ${args.deal}`)
    const ratings = checkedRatings(read, args.deal, args.ratings)
    const first = state === 'rated' ? deal.ratings : ratings
    if (canonicalJson(first as unknown as Json) !== canonicalJson(ratings as unknown as Json)) {
      refuseDeal('RATINGS_DIFFER', { first: listed(first), second: listed(ratings) })
    }
    const { participant, operator } = caller
    return [ratingConfirmed.of({ deal: args.deal, state, ratings, participant, operator }, topicsOf(deal))]
  },
})

const listed = (ratings: readonly Rating[]) => ratings.map(({ tranche, rating }) => `${tranche} ${rating}`)

/** In order of tranche id, so that two statements of the same ratings are the same text. */
function checkedRatings(read: Read, deal: string, given: Static<typeof Ratings>): Rating[] {
  const { tranches } = read(termsKey(deal))!
  const rated = new Set<string>()
  for (const { tranche } of given) {
    if (!tranches.some(({ id }) => id === tranche)) refuseDeal('RATING_UNKNOWN_TRANCHE', { tranche })
    if (rated.has(tranche)) refuseDeal('RATING_TWICE', { tranche })
    rated.add(tranche)
  }
  for (const { id, class: rank } of tranches) {
    if (rank !== 'subordinated' && !rated.has(id)) refuseDeal('RATING_MISSING', { tranche: id })
  }
  return given.map(({ tranche, rating }) => ({ tranche, rating })).sort((a, b) => compareKeys(a.tranche, b.tranche))
}
