import { describe, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import { CHAPTERS, MONTH, voided } from '../deal/testing/chapters.ts'
import { DEAL, PlanStory } from '../deal/testing/plan.ts'
import { PERIOD_ROWS, PERIOD_TABLE, periodKey, type PeriodState, type PeriodTrigger } from './state.ts'

const PERIOD = '2011-01'
const OUT = `${DEAL}:${PERIOD}:out:1`
const METHODS: Readonly<Record<PeriodTrigger, string>> = {
  report: 'servicing.reportCollections',
  transfer: 'servicing.transferCollections',
  confirm: 'servicing.confirmCollections',
  calculate: 'servicing.calculate',
  approve: 'servicing.approveInstructions',
  refuse: 'servicing.refuseInstructions',
  settle: 'servicing.settle',
  reopen: 'servicing.reopen',
}
const established = (): PlanStory => new PlanStory().established()
/** States in which a row of the table is accepted; where a trigger needs more than the state, the story has it. */
const IN_STATE: Readonly<Record<PeriodState, (on?: PeriodTrigger) => PlanStory>> = {
  none: CHAPTERS[METHODS.report]!.at,
  reported: () => established().collected(MONTH),
  transferring: (on) => {
    if (on !== 'transfer') return established().transferred(MONTH)
    const story = established().collected(MONTH)
    story.world.does('originator:maker', METHODS.transfer, { deal: DEAL, period: PERIOD })
    return voided(story, `${DEAL}:${PERIOD}:in:1`, 'bank')
  },
  confirmed: () => established().confirmed(MONTH),
  calculated: () => established().calculated(MONTH),
  released: (on) => {
    const story = established().released(MONTH)
    if (on === 'settle') return story.posts(OUT, 'custodian')
    return on === 'reopen' ? voided(story, OUT, 'custodian') : story
  },
  settled: () => established().settled(MONTH),
}
const argsOf = (trigger: PeriodTrigger, story: PlanStory, state: PeriodState): JsonObject => {
  // Approving needs a result to name; before there is one, any hash is as good.
  if (trigger === 'approve' && !['calculated', 'released', 'settled'].includes(state)) {
    return { deal: DEAL, period: PERIOD, resultHash: '0'.repeat(64) }
  }
  const args = CHAPTERS[METHODS[trigger]]!.args(story)
  const revision = (story.world.read(periodKey(DEAL, PERIOD))?.revision ?? 0) + 1
  return trigger === 'report' ? { ...args, revision } : args
}

describe('a period’s states', () => {
  describe.each(PERIOD_TABLE.states.map((state) => [state] as const))('%s', (state) => {
    it.each(PERIOD_TABLE.triggers.map((trigger) => [trigger] as const))('× %s', (trigger) => {
      const row = PERIOD_ROWS.find(({ from, on }) => from === state && on === trigger)
      const story = IN_STATE[state](row ? trigger : undefined)
      expect(story.world.read(periodKey(DEAL, PERIOD))?.state ?? 'none').toBe(state)
      const { who } = CHAPTERS[METHODS[trigger]]!
      const args = argsOf(trigger, story, state)
      if (!row) {
        const { code } = story.world.refused(who, METHODS[trigger], args)
        return expect(code).toBe(state === 'none' ? 'PERIOD_NOT_FOUND' : 'WRONG_STATE')
      }
      const events = story.world.does(who, METHODS[trigger], args)
      expect(events.map(({ event }) => event)).toContain(row.emits)
      expect(story.world.read(periodKey(DEAL, PERIOD))!.state).toBe(row.to)
    })
  })
})
