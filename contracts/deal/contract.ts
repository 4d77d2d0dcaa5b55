import { contract } from '../kernel/method.ts'
import { close } from './close.ts'
import { confirmRating } from './confirm-rating.ts'
import { confirmTerms } from './confirm-terms.ts'
import { decide } from './decide.ts'
import { establish } from './establish.ts'
import { dealEvents } from './events.ts'
import { lodgeOpinion } from './lodge-opinion.ts'
import { repeatPrice } from './price.ts'
import { agreeVersion, moveVersion } from './move-version.ts'
import { propose } from './propose.ts'
import { returnCredit } from './return-credit.ts'
import { withdraw } from './withdraw.ts'

/**
 * A plan from its proposal to its end: terms, ratings, the exchange's decision, establishment, close.
 *
 * Who sees what: terms (with the parties), ratings, the opinion's hash and the sizes of tranches are seen by the plan's
 * parties, those who subscribed or hold, and the regulator. The exchange's decision and its reason are public. Who
 * subscribed and who holds is never in these events.
 */
export const deal = contract({
  name: 'deal',
  methods: [
    propose,
    confirmTerms,
    confirmRating,
    lodgeOpinion,
    decide,
    withdraw,
    establish,
    repeatPrice,
    returnCredit,
    close,
    moveVersion,
    agreeVersion,
  ],
  events: dealEvents,
  disclosure: { fields: 'parties', except: ['decide', 'Decided'], commitments: ['contentHash'] },
})
