import { describe, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import { DEAL_ROWS, DEAL_TABLE, dealKey, type DealState, type DealTrigger } from './state.ts'
import { CHAPTERS, ended, ready } from './testing/chapters.ts'
import { DEAL, PlanStory } from './testing/plan.ts'

type Command = readonly [who: string, method: string, args: (story: PlanStory) => JsonObject]
const terms = ({ termsHash }: PlanStory) => ({ deal: DEAL, termsHash })
const chapter = (method: string): Command => [CHAPTERS[method]!.who, method, CHAPTERS[method]!.args]
const ratings = CHAPTERS['deal.confirmRating']!.args

const COMMANDS: Readonly<Record<DealTrigger, Command>> = {
  'confirm-terms:plan-manager': ['manager:checker', 'deal.confirmTerms', terms],
  'confirm-terms:rating-agency': ['rating:checker', 'deal.confirmTerms', terms],
  'confirm-rating:plan-manager': ['manager:checker', 'deal.confirmRating', ratings],
  'confirm-rating:rating-agency': ['rating:checker', 'deal.confirmRating', ratings],
  approve: chapter('deal.decide'),
  reject: ['exchange:checker', 'deal.decide', () => ({ deal: DEAL, decision: 'reject', reason: 'pool unclear' })],
  withdraw: chapter('deal.withdraw'),
  establish: chapter('deal.establish'),
  register: chapter('securities.register'),
  close: chapter('deal.close'),
}
const after = (story: PlanStory, ...triggers: DealTrigger[]): PlanStory => {
  for (const trigger of triggers) {
    const [who, method, args] = COMMANDS[trigger]
    story.world.does(who, method, args(story))
  }
  return story
}
const IN_STATE: Readonly<Record<DealState, () => PlanStory>> = {
  proposed: () => new PlanStory().proposed(),
  'terms-with-agency': () => after(new PlanStory().proposed(), 'confirm-terms:plan-manager'),
  'terms-with-manager': () => after(new PlanStory().proposed(), 'confirm-terms:rating-agency'),
  'terms-confirmed': () => new PlanStory().termsConfirmed(),
  'rating-with-agency': () => after(new PlanStory().termsConfirmed(), 'confirm-rating:plan-manager'),
  'rating-with-manager': () => after(new PlanStory().termsConfirmed(), 'confirm-rating:rating-agency'),
  rated: () => new PlanStory().rated(),
  approved: ready,
  rejected: () => after(new PlanStory().rated(), 'reject'),
  withdrawn: () => after(new PlanStory().proposed(), 'withdraw'),
  allotted: CHAPTERS['securities.register']!.at,
  servicing: ended,
  closed: () => after(ended(), 'close'),
}

describe('a plan’s states', () => {
  it('has a command for every trigger of the table', () => {
    expect(Object.keys(COMMANDS).sort()).toEqual([...DEAL_TABLE.triggers].sort())
    expect(Object.keys(IN_STATE).sort()).toEqual([...DEAL_TABLE.states].sort())
  })

  describe.each(DEAL_TABLE.states.map((state) => [state] as const))('%s', (state) => {
    const shared = IN_STATE[state]()
    it.each(DEAL_TABLE.triggers.map((trigger) => [trigger] as const))('× %s', (trigger) => {
      const row = DEAL_ROWS.find(({ from, on }) => from === state && on === trigger)
      const story = row ? IN_STATE[state]() : shared
      expect(story.world.read(dealKey(DEAL))!.state).toBe(state)
      const [who, method, args] = COMMANDS[trigger]
      if (!row) return expect(story.world.refused(who, method, args(story)).code).toBe('WRONG_STATE')
      const events = story.world.does(who, method, args(story))
      expect(events.map(({ event }) => event)).toContain(row.emits)
      expect(story.world.read(dealKey(DEAL))!.state).toBe(row.to)
    })
  })
})
