import { isIsoDate } from '#domain/date'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { DateString, Fields, Id } from '../kernel/schema.ts'
import { participantKey } from '../membership/state.ts'
import { OFFERED } from './commitment.ts'
import { refuse } from './errors.ts'
import { transferProposed } from './events.ts'
import { checkRecipient } from './issue.ts'
import { batchOf, disposable, parties } from './lookup.ts'
import { HOLDING_STATES, holdingKey } from './state.ts'

/** The holder offers a whole holding to another; until accepted, withdrawn or past its date it is reserved. */
export const proposeTransfer = method({
  contract: 'receivable',
  method: 'proposeTransfer',
  sentence: {
    zh: '拟将应收账款持有 {holding} 转让给 {recipient}，保留至 {until}',
    en: 'Offer holding {holding} to {recipient}, reserved until {until}',
  },
  args: Fields({ holding: Id, recipient: Id, newHolding: Id, until: DateString }),
  by: { functions: ['maker'] },
  commits: OFFERED,
  reads: ({ holding, recipient, newHolding }) => [
    holdingKey(holding),
    holdingKey(newHolding),
    participantKey(recipient),
  ],
  decide(read, { args: { recipient, newHolding, until, ...args }, caller: { participant } }, { height }) {
    const stage = new Stage(read)
    const { holding, today } = disposable(stage, args.holding, participant)
    HOLDING_STATES.next(holding.state, 'proposeTransfer', `holding ${holding.id}`)
    checkRecipient(read, { id: recipient, giver: participant, roles: ['supplier', 'factor'], height })
    if (!isIsoDate(until)) refuse('NOT_A_DATE', { field: '/until', date: until })
    if (until < today) refuse('UNTIL_IN_THE_PAST', { until, today })
    const { maximumTiers } = batchOf(read, holding.batch)
    if (maximumTiers !== null && holding.tier >= maximumTiers) {
      refuse('TOO_MANY_TIERS', { holding: holding.id, tier: holding.tier, maximumTiers })
    }
    if (read(holdingKey(newHolding))) refuse('HOLDING_EXISTS', { holding: newHolding })
    const { id, receivable, owner, from, to, maturity } = holding
    stage.emit(
      transferProposed,
      { receivable, holding: id, owner, from, to, maturity, recipient, newHolding, until },
      parties(owner, recipient),
    )
    return stage.events
  },
})
