import { describe, expect, it } from 'vitest'
import { pinKey } from '../governance/state.ts'
import { dealParties } from './parties.ts'
import { NEW_VERSION, newVersion } from './testing/chapters.ts'
import { DEAL, PlanStory } from './testing/plan.ts'

const MOVE = { deal: DEAL, bundle: NEW_VERSION }
const pinOf = ({ world }: PlanStory) => world.read(pinKey(`deal:${DEAL}`))

describe('a plan', () => {
  it('stays on the version under which it was established', () => {
    expect(pinOf(new PlanStory().allotted())).toBeUndefined()
    expect(pinOf(new PlanStory().established())).toEqual({ bundle: null })
    expect(pinOf(newVersion())).toEqual({ bundle: null })
  })

  it('moves when the last of the institutions that its terms name agrees, and not before', () => {
    const story = newVersion()
    const { world } = story
    world.does('manager:maker', 'deal.moveVersion', MOVE)
    const parties = dealParties(world.read, DEAL)
    expect(parties.length).toBeGreaterThan(5)
    for (const party of parties) {
      expect(pinOf(story)).toEqual({ bundle: null })
      world.does(`${party}:checker`, 'deal.agreeVersion', MOVE)
    }
    expect(pinOf(story)).toEqual({ bundle: NEW_VERSION })
    expect(world.refused('bank:checker', 'deal.agreeVersion', MOVE).code).toBe('NO_SUCH_MOVE')
    expect(world.refused('manager:maker', 'deal.moveVersion', MOVE).code).toBe('SAME_VERSION')
  })

  it('moves to nothing but what is active, and is agreed to once by each', () => {
    const { world } = newVersion()
    const other = { deal: DEAL, bundle: 'cd'.repeat(32) }
    expect(world.refused('bank:checker', 'deal.agreeVersion', MOVE).code).toBe('NO_SUCH_MOVE')
    expect(world.refused('manager:maker', 'deal.moveVersion', other).code).toBe('NOT_THE_ACTIVE_VERSION')
    world.does('manager:maker', 'deal.moveVersion', MOVE)
    world.does('bank:checker', 'deal.agreeVersion', MOVE)
    expect(world.refused('bank:checker', 'deal.agreeVersion', MOVE).code).toBe('AGREED_ALREADY')
    expect(world.refused('bank:checker', 'deal.agreeVersion', other).code).toBe('NO_SUCH_MOVE')
    world.does('manager:maker', 'deal.moveVersion', MOVE)
    world.does('bank:checker', 'deal.agreeVersion', MOVE) // a new proposal begins anew
  })

  it('that is not established has nothing to move', () => {
    expect(new PlanStory().allotted().world.refused('manager:maker', 'deal.moveVersion', MOVE).code).toBe(
      'NOT_ESTABLISHED',
    )
  })
})
