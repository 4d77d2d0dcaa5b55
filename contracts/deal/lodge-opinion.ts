import { method } from '../kernel/method.ts'
import { Fields, HashString, Id } from '../kernel/schema.ts'
import { refuseCall } from '../kernel/refusal.ts'
import { refuseDeal } from './errors.ts'
import { opinionLodged } from './events.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from './parties.ts'
import type { DealState } from './state.ts'

/** Once the exchange has decided, its file is closed. */
const BEFORE_DECISION: readonly DealState[] = [
  'proposed',
  'terms-with-agency',
  'terms-with-manager',
  'terms-confirmed',
  'rating-with-agency',
  'rating-with-manager',
  'rated',
]

/** The law firm commits to its opinion (optional). Parties see the hash; the text goes by the exchange of files. */
export const lodgeOpinion = method({
  contract: 'deal',
  method: 'lodgeOpinion',
  sentence: {
    zh: '就计划 {deal} 提交法律意见书，摘要 {contentHash}',
    en: 'Lodge the legal opinion on plan {deal}, hash {contentHash}',
  },
  args: Fields({ deal: Id, contentHash: HashString }),
  by: { roles: ['law-firm'], functions: ['maker', 'checker'] },
  reads: ({ deal }) => dealKeys(deal),
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'law-firm')
    if (!BEFORE_DECISION.includes(deal.state)) {
      refuseCall('WRONG_STATE', { what: `deal ${args.deal}`, state: deal.state, on: 'lodge-opinion' })
    }
    if (deal.opinionHash) refuseDeal('OPINION_LODGED', { contentHash: deal.opinionHash })
    const { participant, operator } = caller
    return [opinionLodged.of({ deal: args.deal, contentHash: args.contentHash, participant, operator }, topicsOf(deal))]
  },
})
