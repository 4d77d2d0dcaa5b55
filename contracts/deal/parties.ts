import { requireCurrent, dateKeys } from '../calendar/business-date.ts'
import { dealObject } from '../calendar/state.ts'
import { dealTopic, type Topic } from '../kernel/event.ts'
import type { Caller, Role } from '../kernel/method.ts'
import type { Key, Read } from '../kernel/state.ts'
import { refuseDeal } from './errors.ts'
import { dealKey, type Deal, type RequiredParty } from './state.ts'

/** For a method's `reads`. */
export const dealKeys = (deal: string): readonly Key<unknown>[] => [dealKey(deal), ...dateKeys(dealObject(deal))]

/** The plan as it stands. Refuses DEAL_NOT_FOUND. */
export const dealOf = (read: Read, deal: string): Deal => read(dealKey(deal)) ?? refuseDeal('DEAL_NOT_FOUND', { deal })

/** The plan, when its days are closed up to the business date. Refuses DEAL_NOT_FOUND, BEHIND. */
export function currentDeal(read: Read, deal: string): Deal {
  const found = dealOf(read, deal)
  requireCurrent(read, dealObject(deal))
  return found
}

/** The plan's own party in a role that one institution fills. */
export const partyOf = ({ parties }: Deal, role: RequiredParty): string => parties[role]![0]!

/** Refuses NOT_A_PARTY when the caller is no such party of this plan; having the role elsewhere is not enough. */
export function requireParty(deal: Deal, caller: Caller, role: Role): void {
  if (deal.parties[role]?.includes(caller.participant)) return
  refuseDeal('NOT_A_PARTY', { deal: deal.deal, role, participant: caller.participant })
}

export const topicsOf = ({ deal }: Deal): readonly Topic[] => [dealTopic(deal)]

/** Every institution named in the plan's terms, once each; not the holders. */
export const dealParties = (read: Read, deal: string): readonly string[] => {
  const found = read(dealKey(deal))
  return found ? [...new Set(Object.values(found.parties).flat())].sort() : []
}
