import type { Hash } from '#proof/hash'
import { bundleAt } from '../governance/read.ts'
import { bundlesKey, pinKey } from '../governance/state.ts'
import { dealObject } from '../calendar/state.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, HashString, Id, OrNull } from '../kernel/schema.ts'
import type { Read } from '../kernel/state.ts'
import { refuseDeal } from './errors.ts'
import { versionAgreed, versionMoveProposed, versionPinned } from './events.ts'
import { currentDeal, dealKeys, dealParties, requireParty, topicsOf } from './parties.ts'
import { REQUIRED_PARTIES, versionMoveKey } from './state.ts'

const bundle = OrNull(HashString)

/** Refuses NOT_THE_ACTIVE_VERSION, SAME_VERSION. Moving is to what the consortium has activated, never to something else. */
function requireMovable(read: Read, deal: string, to: Hash | null, height: number): void {
  const active = bundleAt(read, height)
  if (to !== active) refuseDeal('NOT_THE_ACTIVE_VERSION', { bundle: to, active })
  if (read(pinKey(dealObject(deal)))?.bundle === to) refuseDeal('SAME_VERSION', { deal, bundle: to })
}

/**
 * A plan stays on the contracts under which it was established. Its manager proposes to move it to those that are active;
 * a new proposal takes the place of one that was not agreed to.
 */
export const moveVersion = method({
  contract: 'deal',
  method: 'moveVersion',
  sentence: {
    zh: '提议计划 {deal} 改用合约版本 {bundle}',
    en: 'Propose that plan {deal} moves to the contracts of version {bundle}',
  },
  args: Fields({ deal: Id, bundle }),
  by: { roles: ['plan-manager'], functions: ['maker'] },
  reads: ({ deal }) => [...dealKeys(deal), pinKey(dealObject(deal)), versionMoveKey(deal), bundlesKey],
  decide(read, { args, caller: { participant, operator, ...caller } }, { height }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, { participant, operator, ...caller }, 'plan-manager')
    if (!read(pinKey(dealObject(args.deal)))) refuseDeal('NOT_ESTABLISHED', { deal: args.deal })
    requireMovable(read, args.deal, args.bundle, height)
    return [versionMoveProposed.of({ ...args, participant, operator }, topicsOf(deal))]
  },
})

/**
 * Each institution that the plan's terms name agrees, by a checker; with the last of them the plan moves, from the next
 * command on.
 */
export const agreeVersion = method({
  contract: 'deal',
  method: 'agreeVersion',
  sentence: {
    zh: '同意计划 {deal} 改用合约版本 {bundle}',
    en: 'Agree that plan {deal} moves to the contracts of version {bundle}',
  },
  args: Fields({ deal: Id, bundle }),
  by: { roles: [...REQUIRED_PARTIES, 'guarantor', 'law-firm', 'auditor'], functions: ['checker'] },
  reads: ({ deal }) => [...dealKeys(deal), pinKey(dealObject(deal)), versionMoveKey(deal), bundlesKey],
  decide(read, { args, caller: { participant, operator } }, { height }) {
    const deal = currentDeal(read, args.deal)
    const parties = dealParties(read, args.deal)
    if (!parties.includes(participant)) refuseDeal('NOT_A_PARTY', { deal: args.deal, role: 'any', participant })
    const move = read(versionMoveKey(args.deal))
    if (!move || move.bundle !== args.bundle) return refuseDeal('NO_SUCH_MOVE', { ...args })
    if (operator === move.proposedBy && participant === move.manager) refuseDeal('SAME_OPERATOR', { operator })
    requireMovable(read, args.deal, args.bundle, height)
    if (move.agreed.includes(participant)) refuseDeal('AGREED_ALREADY', { deal: args.deal, participant })
    const agreed = [...move.agreed, participant].sort()
    const stage = new Stage(read)
    stage.emit(versionAgreed, { ...args, agreed, participant, operator }, topicsOf(deal))
    if (parties.every((party) => agreed.includes(party))) stage.emit(versionPinned, { ...args }, topicsOf(deal))
    return stage.events
  },
})
