import { contract } from '../kernel/method.ts'
import { approveInstructions } from './approve-instructions.ts'
import { calculate } from './calculate.ts'
import { confirmCollections } from './confirm-collections.ts'
import { servicingEvents } from './events.ts'
import { refuseInstructions } from './refuse-instructions.ts'
import { reopen } from './reopen.ts'
import { reportCollections } from './report-collections.ts'
import { settle } from './settle.ts'
import { transferCollections } from './transfer-collections.ts'

/**
 * The periods of a plan: collections reported, transferred and confirmed, the distribution computed in the contract,
 * released, booked and settled.
 *
 * Who sees what: totals of collections, pool figures, every line of the waterfall, fees and totals per tranche are seen
 * by the plan's parties, its holders and the regulator. Amounts of single holders are in `securities`, not here. Assets
 * and obligors never.
 */
export const servicing = contract({
  name: 'servicing',
  methods: [
    reportCollections,
    transferCollections,
    confirmCollections,
    calculate,
    approveInstructions,
    refuseInstructions,
    reopen,
    settle,
  ],
  events: servicingEvents,
  disclosure: { fields: 'parties', commitments: ['contentHash', 'statementHash'] },
})
