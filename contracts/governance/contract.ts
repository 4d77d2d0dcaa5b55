import { contract } from '../kernel/method.ts'
import { approve } from './approve.ts'
import { governanceEvents } from './events.ts'
import { propose } from './propose.ts'
import { reportMisbehaviour } from './report-misbehaviour.ts'
import { withdraw, withdrawApproval } from './withdraw.ts'

/**
 * How the consortium changes itself: who belongs to it, who votes in consensus, which contracts rule and which limits
 * hold. Any `needed` of the institutions that genesis names decide, each by a person's own checker key; every change
 * holds from a height. Losing one institution's keys stops nothing, since the others can replace them, and stealing one
 * institution's keys is one vote.
 *
 * A validator that signed two blocks at one place of the chain is reported with its own signatures, which every node checks.
 *
 * Who sees what: everything here is public within the consortium.
 */
export const governance = contract({
  name: 'governance',
  methods: [propose, approve, withdrawApproval, withdraw, reportMisbehaviour],
  events: governanceEvents,
  disclosure: { fields: 'public' },
})
