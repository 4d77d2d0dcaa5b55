import { addDays, isIsoDate } from '#domain/date'
import { businessDate } from '../calendar/business-date.ts'
import { calendarKey } from '../calendar/state.ts'
import { PUBLIC, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { DateString, Fields, Height, Id, OrNull, Text } from '../kernel/schema.ts'
import { Action, ACTION_CLAUSES } from './actions.ts'
import { mayAsk, requireInstitution } from './ballot.ts'
import { perform } from './enact.ts'
import { refuse } from './errors.ts'
import { proposed } from './events.ts'
import { parametersAt } from './read.ts'
import { institutionsKey, parametersKey, proposalKey } from './state.ts'

/**
 * One institution proposes, or a participant what it may ask for itself; nothing changes by it. What could not be done
 * as things stand is refused at once, so that nobody is asked to approve it.
 */
export const propose = method({
  contract: 'governance',
  method: 'propose',
  sentence: {
    zh: '向联盟提议 {proposal}：{action}；不早于高度 {fromHeight} 生效，{expiresOn} 前须获批；理由：{reason}',
    en: 'Propose {proposal} to the consortium: {action}; not before height {fromHeight}, to be approved by {expiresOn}, because {reason}',
  },
  clauses: { action: ACTION_CLAUSES },
  args: Fields({ proposal: Id, action: Action, fromHeight: OrNull(Height), expiresOn: DateString, reason: Text }),
  by: { functions: ['maker'] },
  reads: ({ proposal }) => [proposalKey(proposal), institutionsKey, parametersKey, calendarKey],
  decide(read, { args, caller }, { height }) {
    const { proposal, action, fromHeight, expiresOn, reason } = args
    if (!mayAsk(caller, action)) requireInstitution(read, caller, height)
    if (read(proposalKey(proposal))) refuse('PROPOSAL_EXISTS', { proposal })
    if (!isIsoDate(expiresOn)) return refuse('BAD_EXPIRY', { expiresOn })
    const today = businessDate(read)
    const latest = addDays(today, parametersAt(read, height).proposalDays)
    if (expiresOn < today || expiresOn > latest) refuse('BAD_EXPIRY', { expiresOn, today, latest })
    if (fromHeight !== null && fromHeight <= height) refuse('HEIGHT_PASSED', { fromHeight, height })
    perform(new Stage(read), action, { fromHeight: fromHeight ?? height + 1, height })
    const { participant: institution, operator } = caller
    const data = { proposal, action, fromHeight, reason, expiresOn, institution, operator }
    return [proposed.of({ ...data, state: 'open' }, [PUBLIC])]
  },
})
