import { describe, expect, it } from 'vitest'
import { CHAPTERS, ended, MONTH } from './deal/testing/chapters.ts'
import { DEAL, PlanStory } from './deal/testing/plan.ts'
import { mayRead } from './entitlement.ts'

const ALL = ['originator', 'manager', 'custodian', 'bank', 'rating', 'lawyer', 'exchange', 'depository', 'investor-a', 'investor-b', 'regulator', 'core', 'supplier-1'] // prettier-ignore
const PARTIES = ['originator', 'manager', 'custodian', 'bank', 'rating', 'lawyer', 'exchange', 'depository']
const readers = (story: PlanStory, topic: string) =>
  ALL.filter((who) => mayRead(story.world.read, who, topic, story.world.height))

describe('who may follow a topic', () => {
  const plan = `deal/${DEAL}`
  it('public: every member; nobody unknown', () => {
    const { world } = new PlanStory()
    expect(ALL.every((who) => mayRead(world.read, who, 'public', world.height))).toBe(true)
    expect(mayRead(world.read, 'nobody', 'public', world.height)).toBe(false)
  })
  it('its own topic, and the regulator every topic', () => {
    const story = new PlanStory()
    expect(readers(story, 'participant/core')).toEqual(['regulator', 'core'])
    expect(readers(story, 'regulator')).toEqual(['regulator'])
    expect(readers(story, 'anything/else')).toEqual(['regulator'])
  })
  it('a plan: its parties, then those who subscribe, not those who are only invited or withdrew', () => {
    expect(readers(new PlanStory(), plan)).toEqual(['regulator'])
    const story = new PlanStory().approved()
    expect(readers(story, plan)).toEqual([...PARTIES, 'regulator'])
    story.world.does('investor-b:maker', 'securities.subscribe', { deal: DEAL, tranche: 'B', units: 1 })
    expect(readers(story, plan)).toEqual([...PARTIES, 'investor-b', 'regulator'])
    story.world.does('investor-b:maker', 'securities.withdrawSubscription', { deal: DEAL, tranche: 'B' })
    expect(readers(story, plan)).toEqual([...PARTIES, 'regulator'])
    expect(readers(new PlanStory().established(), plan)).toEqual([
      ...PARTIES, 'investor-a', 'investor-b', 'regulator',
    ]) // prettier-ignore
  })
})

describe('what is told to whom', () => {
  const story = ended()
  story.world.does('manager:checker', 'deal.close', { deal: DEAL })
  const seenBy = (who: string) =>
    story.world.events.filter(({ topics }) =>
      topics.some((topic) => mayRead(story.world.read, who, topic, story.world.height)),
    )
  const text = (who: string) => seenBy(who).map((event) => JSON.stringify(event.data))

  it('the regulator sees every event', () => {
    expect(seenBy('regulator')).toHaveLength(story.world.events.length)
  })
  it('an outsider sees only what is public, and nothing of the terms', () => {
    expect(new Set(seenBy('core').map(({ contract }) => contract))).toEqual(
      new Set(['membership', 'calendar', 'governance', 'deal']),
    )
    expect(
      seenBy('core')
        .filter(({ contract }) => contract === 'deal')
        .map(({ event }) => event),
    ).toEqual(['Decided'])
  })
  it('one investor learns nothing of another’s subscription, holding or payment', () => {
    const genesis = story.world.events.filter(
      ({ contract }) => contract === 'membership' || contract === 'governance',
    ).length
    const learned = text('investor-a').slice(genesis)
    expect(learned.length).toBeGreaterThan(30)
    expect(learned.filter((data) => data.includes('investor-b'))).toEqual([])
  })
  it('a holder sees its own amounts, and the totals of its tranche', () => {
    const own = seenBy('investor-b').filter(({ event }) => event === 'HolderPaymentInstructed')
    expect(own.map(({ data }) => data.holder)).toEqual(['investor-b'])
    expect(seenBy('investor-b').filter(({ event }) => event === 'TranchePaid')).toHaveLength(3)
  })
  it('the rating agency sees the waterfall but no holder', () => {
    const events = seenBy('rating').map(({ event }) => event)
    expect(events).toContain('DistributionCalculated')
    for (const sealed of [
      'InvestorsNamed',
      'Subscribed',
      'Allotted',
      'HoldingAllotted',
      'HolderPaymentInstructed',
      'Invited',
    ]) {
      expect(events).not.toContain(sealed)
    }
  })
  it('every event of these contracts has its schema’s shape', async () => {
    const { Value } = await import('typebox/value')
    const { CONTRACTS } = await import('./registry.ts')
    const types = new Map(CONTRACTS.flatMap(({ events }) => events).map((t) => [`${t.contract}.${t.event}`, t]))
    const stories = Object.entries(CHAPTERS).map(([name, { at, who, args }]) => {
      const told = at()
      told.world.does(who, name, args(told))
      return told
    })
    stories.push(new PlanStory().established().month(MONTH))
    const seen = new Set<string>()
    for (const { contract, event, data } of stories.flatMap(({ world }) => world.events)) {
      const name = `${contract}.${event}`
      seen.add(name)
      const [problem] = Value.Errors(types.get(name)!.schema, data)
      expect(problem && `${name} ${problem.instancePath} ${problem.message}`).toBeUndefined()
    }
    const mine = [...types.keys()].filter((name) => /^(deal|asset-registry|securities|servicing)\./.test(name))
    // Told in servicing/period-rules.test.ts: a status only changes when a trigger or the end of a plan changes it.
    expect(mine.filter((name) => !seen.has(name))).toEqual([])
  })
})
