import { dealParties } from './deal/parties.ts'
import { dealKey } from './deal/state.ts'
import { dealTopic, participantTopic, PUBLIC, REGULATOR, type Topic } from './kernel/event.ts'
import type { Read } from './kernel/state.ts'
import { rolesAt } from './membership/roles.ts'
import { participantKey } from './membership/state.ts'
import { holdingKey, subscriptionKey } from './securities/state.ts'

const DEAL = dealTopic('')

/**
 * Whether a participant may follow a topic at this state and height: everybody `public`; each its own; a plan's parties, those who
 * have subscribed or hold, the plan's topic; a regulator every topic, and `regulator` nobody else. An unknown topic or
 * participant: no.
 */
export function mayRead(read: Read, participant: string, topic: Topic, height: number): boolean {
  const member = read(participantKey(participant))
  const roles = member ? rolesAt(member, height) : []
  if (roles.length === 0) return false
  if (topic === PUBLIC || topic === participantTopic(participant)) return true
  if (roles.includes('regulator')) return true
  if (topic === REGULATOR || !topic.startsWith(DEAL)) return false
  return follows(read, participant, topic.slice(DEAL.length))
}

function follows(read: Read, participant: string, id: string): boolean {
  const deal = read(dealKey(id))
  if (!deal) return false
  if (dealParties(read, id).includes(participant)) return true
  return deal.trancheIds.some((tranche) => {
    const subscription = read(subscriptionKey(id, tranche, participant))
    return (
      (subscription !== undefined && subscription.state !== 'withdrawn') ||
      read(holdingKey(id, tranche, participant)) !== undefined
    )
  })
}
